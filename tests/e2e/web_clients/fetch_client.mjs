// Node at the HTTPS door, by fetch and by the https module with a connection that is kept. fetch_client.mjs ORIGIN
// CERTIFICATE USER: as requests_client.py. Runs in: the lab's rep, with the certificate in NODE_EXTRA_CA_CERTS.
import { createHash } from "node:crypto";
import https from "node:https";
import readline from "node:readline";

const [origin, , user] = process.argv.slice(2);
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const line = async () => (await lines.next()).value;
const sha256 = bytes => createHash("sha256").update(bytes).digest("hex");
const jar = new Map();

async function ask(path, options = {}) {
  const headers = { cookie: [...jar].map(pair => pair.join("=")).join("; "), origin, ...options.headers };
  const answer = await fetch(origin + path, { redirect: "manual", ...options, headers });
  for (const cookie of answer.headers.getSetCookie()) {
    const [name, value] = cookie.split(";")[0].split(/=(.*)/s);
    if (/max-age=0/i.test(cookie)) jar.delete(name);
    else jar.set(name, value);
  }
  return answer;
}

const form = (path, fields) => ask(path, { method: "POST", body: new URLSearchParams(fields) });

// Requests on one kept connection, which fetch does not show.
function kept(agent, path) {
  return new Promise((resolve, reject) => {
    const request = https.get(origin + path, { agent, headers: { cookie: [...jar].map(pair => pair.join("=")).join("; ") } },
      answer => {
        const digest = createHash("sha256");
        answer.on("data", piece => digest.update(piece));
        answer.on("end", () => resolve([answer.statusCode, digest.digest("hex"), request.reusedSocket]));
      });
    request.on("error", reject);
  });
}

await ask("/.sallyport/login");
const page = await (await form("/.sallyport/login", { user, password: await line() })).text();
console.log(/id="question">(.*?)<\/p>/.exec(page)[1]);
const admitted = await form("/.sallyport/answer", { response: await line() });

const login = await form("/login", { user: "hscroot", password: "abc" });
const logged = await (await ask("/console")).json();
const data = Buffer.alloc(2_000_000, "sallyport");
const sent = await (await ask("/upload", { method: "PUT", duplex: "half", body: new Blob([data]).stream() })).text();
const got = Buffer.from(await (await ask("/download?1000000")).arrayBuffer());
const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
const several = [];
for (const size of [1, 100_000, 3]) several.push(await kept(agent, `/chunked?${size}`));
const goodbye = await (await form("/.sallyport/logout", {})).text();
console.log(JSON.stringify({
  status: admitted.headers.get("location"), login: [login.headers.get("location"), logged.logged_in],
  upload: sent.split(/\s+/)[1] === sha256(data), download: sha256(got), kept: several,
  goodbye: goodbye.includes("you have logged out"),
}));
process.exit(0);
