// Starts Chromium and does with it what each line on standard input says: {"call": "page.fill", "arguments": [...]}; one
// line of JSON answers. What may be called: methods of Playwright's page and context, of a DevTools session (cdp), and of
// `driver` below. Ends Chromium at the end of its input. Runs in: the lab's namespace rep, started by chromium.py.
"use strict";
const readline = require("node:readline");
const { chromium } = require("playwright-core");

const PATIENCE = 10_000; // milliseconds

async function start({ program, profile, flags, size }) {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: program, args: flags, viewport: size, handleSIGINT: false,
  });
  context.setDefaultTimeout(PATIENCE);
  const page = context.pages()[0];
  const complaints = [];
  page.on("console", said => ["error", "warning"].includes(said.type()) && complaints.push(said.text()));
  page.on("pageerror", error => complaints.push(String(error)));
  const driver = {
    complaints: () => complaints.splice(0), // what the console has shown since this was asked
    download: async (selector, path) => {
      const [download] = await Promise.all([page.waitForEvent("download"), page.click(selector)]);
      await download.saveAs(path);
      return download.suggestedFilename();
    },
  };
  return { page, context, cdp: await context.newCDPSession(page), driver };
}

// What goes back: plain values, and of a response its status.
function plain(value) {
  if (typeof value?.status === "function") return { status: value.status(), url: value.url() };
  return value === null || typeof value !== "object" || [Object, Array].includes(value.constructor) ? value : null;
}

async function call(objects, path, values) {
  const names = path.split(".");
  const method = names.pop();
  const owner = names.reduce((object, name) => object[name], objects);
  return plain(await owner[method](...values));
}

async function main() {
  const objects = await start(JSON.parse(process.argv[2]));
  const answer = said => process.stdout.write(JSON.stringify(said) + "\n");
  answer({ value: "ready" });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { call: path, arguments: values } = JSON.parse(line);
    await call(objects, path, values).then(
      value => answer({ value: value ?? null }), error => answer({ error: error.message }));
  }
  await objects.context.close();
}

main().then(() => process.exit(0), error => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
