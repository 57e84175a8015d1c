
"use strict";
// Plays the recordings of this page: a terminal in text, as far as ECMA-48 and xterm are used by shells and
// full-screen programs. Whatever a recording holds ends as the text of an element, never as HTML.
(() => {
  const COLORS = ["#3b3b3b", "#d9534f", "#5cb85c", "#e0b13b", "#5b9bd5", "#b07bd0", "#45b7b7", "#d0d0d0",
                  "#777777", "#ff7b77", "#8fe08f", "#ffd97a", "#8fc4ff", "#d7a8f5", "#7fe3e3", "#ffffff"];
  const indexed = n => {
    if (n < 16) return COLORS[n];
    if (n > 231) return `rgb(${Array(3).fill(8 + 10 * (n - 232))})`;
    const level = v => v === 0 ? 0 : 55 + 40 * v;
    return `rgb(${[36, 6, 1].map(d => level(Math.floor((n - 16) / d) % 6))})`;
  };
  const PLAIN = Object.freeze({fg: null, bg: null, bold: false, inverse: false, underline: false});

  class Terminal {
    constructor(columns, rows) {
      this.columns = Math.min(Math.max(columns || 80, 1), 500);
      this.rows = Math.min(Math.max(rows || 24, 1), 200);
      this.reset();
    }
    reset() {
      this.lines = Array.from({length: this.rows}, () => this.blank());
      this.x = 0; this.y = 0; this.style = PLAIN; this.saved = null; this.other = null;
      this.top = 0; this.bottom = this.rows - 1; this.sequence = ""; this.state = "ground"; this.graphics = false;
    }
    blank() { return Array.from({length: this.columns}, () => ({c: " ", s: PLAIN})); }
    resize(columns, rows) {
      const old = this.lines;
      this.columns = Math.min(Math.max(columns, 1), 500); this.rows = Math.min(Math.max(rows, 1), 200);
      this.lines = Array.from({length: this.rows}, (_, y) => {
        const line = this.blank();
        (old[y] || []).slice(0, this.columns).forEach((cell, x) => { line[x] = cell; });
        return line;
      });
      this.top = 0; this.bottom = this.rows - 1; this.other = null;
      this.x = Math.min(this.x, this.columns - 1); this.y = Math.min(this.y, this.rows - 1);
    }
    write(text) { for (const c of text) this.take(c); }
    take(c) {
      const code = c.codePointAt(0);
      if (this.state === "string") {
        if (c === "\x07" || c === "\x9c") this.state = "ground";
        else if (c === "\x1b") this.state = "string-escape";
        return;
      }
      if (this.state === "string-escape") { this.state = c === "\\" ? "ground" : "string"; return; }
      if (c === "\x1b") { this.state = "escape"; this.sequence = ""; return; }
      if (code < 32) return this.control(c);
      if (this.state === "escape") return this.escape(c);
      if (this.state === "charset") { this.graphics = c === "0"; this.state = "ground"; return; }
      if (this.state === "csi") {
        if (code < 64) { if (this.sequence.length < 64) this.sequence += c; return; }
        this.state = "ground";
        return this.csi(c);
      }
      this.put(c);
    }
    control(c) {
      if (c === "\n" || c === "\v" || c === "\f") this.down();
      else if (c === "\r") this.x = 0;
      else if (c === "\b") this.x = Math.max(0, Math.min(this.x, this.columns - 1) - 1);
      else if (c === "\t") this.x = Math.min(this.columns - 1, (Math.floor(this.x / 8) + 1) * 8);
    }
    escape(c) {
      this.state = "ground";
      if (c === "[") this.state = "csi";
      else if ("]P_^X".includes(c)) this.state = "string";
      else if ("()*+#% ".includes(c)) this.state = "charset";
      else if (c === "7") this.save();
      else if (c === "8") this.restore();
      else if (c === "D") this.down();
      else if (c === "E") { this.x = 0; this.down(); }
      else if (c === "M") this.up();
      else if (c === "c") this.reset();
    }
    put(c) {
      if (this.x >= this.columns) { this.x = 0; this.down(); }
      if (this.graphics) c = {q: "─", x: "│", l: "┌", k: "┐", m: "└", j: "┘", t: "├", u: "┤", w: "┬", v: "┴", n: "┼"}[c] || c;
      this.lines[this.y][this.x++] = {c, s: this.style};
    }
    down() {
      if (this.y === this.bottom) this.scroll(1);
      else if (this.y < this.rows - 1) this.y++;
    }
    up() {
      if (this.y === this.top) this.scroll(-1);
      else if (this.y > 0) this.y--;
    }
    scroll(n) {
      for (let i = Math.min(Math.abs(n), this.rows); i > 0; --i) {
        this.lines.splice(n > 0 ? this.top : this.bottom, 1);
        this.lines.splice(n > 0 ? this.bottom : this.top, 0, this.blank());
      }
    }
    save() { this.saved = {x: this.x, y: this.y, style: this.style}; }
    restore() { if (this.saved) ({x: this.x, y: this.y, style: this.style} = this.saved); this.clamp(); }
    clamp() {
      this.x = Math.min(Math.max(this.x, 0), this.columns - 1);
      this.y = Math.min(Math.max(this.y, 0), this.rows - 1);
    }
    clear(y, from, to) { for (let x = from; x < to; ++x) this.lines[y][x] = {c: " ", s: PLAIN}; }
    mode(on, numbers) {
      for (const n of numbers) {
        if (![47, 1047, 1049].includes(n)) continue;
        if (on && !this.other) {
          if (n === 1049) this.save();
          this.other = this.lines;
          this.lines = Array.from({length: this.rows}, () => this.blank());
        } else if (!on && this.other) {
          this.lines = this.other; this.other = null;
          if (n === 1049) this.restore();
        }
      }
    }
    csi(last) {
      const mark = this.sequence[0];
      if (mark === "?") {
        if (last === "h" || last === "l") this.mode(last === "h", this.sequence.slice(1).split(";").map(Number));
        return;
      }
      if (/[^0-9;:]/.test(this.sequence)) return;
      const numbers = this.sequence.split(";").map(n => Math.min(parseInt(n, 10) || 0, 9999));
      const n = Math.max(numbers[0], 1);
      this.x = Math.min(this.x, this.columns - 1);
      const line = this.lines[this.y];
      switch (last) {
        case "A": this.y -= n; break;
        case "B": case "e": this.y += n; break;
        case "C": case "a": this.x += n; break;
        case "D": this.x -= n; break;
        case "E": this.y += n; this.x = 0; break;
        case "F": this.y -= n; this.x = 0; break;
        case "G": case "`": this.x = n - 1; break;
        case "H": case "f": this.y = n - 1; this.x = Math.max(numbers[1] || 1, 1) - 1; break;
        case "d": this.y = n - 1; break;
        case "J":
          if (numbers[0] === 0) { this.clear(this.y, this.x, this.columns); for (let y = this.y + 1; y < this.rows; ++y) this.clear(y, 0, this.columns); }
          if (numbers[0] === 1) { for (let y = 0; y < this.y; ++y) this.clear(y, 0, this.columns); this.clear(this.y, 0, this.x + 1); }
          if (numbers[0] >= 2) for (let y = 0; y < this.rows; ++y) this.clear(y, 0, this.columns);
          break;
        case "K":
          this.clear(this.y, numbers[0] === 0 ? this.x : 0, numbers[0] === 1 ? this.x + 1 : this.columns); break;
        case "X": this.clear(this.y, this.x, Math.min(this.x + n, this.columns)); break;
        case "P": line.splice(this.x, n); while (line.length < this.columns) line.push({c: " ", s: PLAIN}); break;
        case "@":
          for (let i = 0; i < Math.min(n, this.columns); ++i) line.splice(this.x, 0, {c: " ", s: PLAIN});
          line.length = this.columns; break;
        case "L": case "M":
          if (this.y < this.top || this.y > this.bottom) break;
          for (let i = 0; i < Math.min(n, this.rows); ++i) {
            this.lines.splice(last === "L" ? this.bottom : this.y, 1);
            this.lines.splice(last === "L" ? this.y : this.bottom, 0, this.blank());
          }
          break;
        case "S": this.scroll(n); break;
        case "T": this.scroll(-n); break;
        case "r":
          this.top = Math.min(n - 1, this.rows - 1);
          this.bottom = Math.min((numbers[1] || this.rows) - 1, this.rows - 1);
          if (this.bottom <= this.top) { this.top = 0; this.bottom = this.rows - 1; }
          this.x = this.y = 0; break;
        case "s": this.save(); break;
        case "u": this.restore(); break;
        case "m": this.rendition(numbers); break;
      }
      this.clamp();
    }
    rendition(numbers) {
      const style = {...this.style};
      for (let i = 0; i < numbers.length; ++i) {
        const n = numbers[i];
        if (n === 0) Object.assign(style, PLAIN);
        else if (n === 1) style.bold = true;
        else if (n === 4) style.underline = true;
        else if (n === 7) style.inverse = true;
        else if (n === 22) style.bold = false;
        else if (n === 24) style.underline = false;
        else if (n === 27) style.inverse = false;
        else if (n >= 30 && n <= 37) style.fg = COLORS[n - 30];
        else if (n === 39) style.fg = null;
        else if (n >= 40 && n <= 47) style.bg = COLORS[n - 40];
        else if (n === 49) style.bg = null;
        else if (n >= 90 && n <= 97) style.fg = COLORS[n - 82];
        else if (n >= 100 && n <= 107) style.bg = COLORS[n - 92];
        else if (n === 38 || n === 48) {
          let color = null;
          if (numbers[i + 1] === 5) { color = indexed(Math.min(numbers[i + 2] || 0, 255)); i += 2; }
          else if (numbers[i + 1] === 2) { color = `rgb(${numbers.slice(i + 2, i + 5).map(v => Math.min(v, 255))})`; i += 4; }
          style[n === 38 ? "fg" : "bg"] = color;
        }
      }
      this.style = style;
    }
    draw(into) {
      const whole = document.createDocumentFragment();
      this.lines.forEach((line, y) => {
        for (let x = 0; x < this.columns;) {
          const s = line[x].s, from = x, here = y === this.y && x === Math.min(this.x, this.columns - 1);
          let text = line[x++].c;
          while (!here && x < this.columns && line[x].s === s && !(y === this.y && x === this.x)) text += line[x++].c;
          const span = document.createElement("span");
          span.textContent = text;
          const inverse = s.inverse !== here;
          const fg = s.fg || "#ddd", bg = s.bg || "#111";
          if (inverse || s.fg) span.style.color = inverse ? bg : fg;
          if (inverse || s.bg) span.style.backgroundColor = inverse ? fg : bg;
          if (s.bold) span.style.fontWeight = "bold";
          if (s.underline) span.style.textDecoration = "underline";
          whole.append(span);
        }
        whole.append("\n");
      });
      into.replaceChildren(whole);
    }
  }

  const clock = ms => {
    const s = Math.floor(ms / 1000);
    return `${Math.floor(s / 3600)}:${String(Math.floor(s / 60) % 60).padStart(2, "0")}:${String(s % 60).padStart(2, "0")}`;
  };
  const element = (tag, properties) => Object.assign(document.createElement(tag), properties);

  class Player {
    constructor(box, lines) {
      const cast = JSON.parse(box.querySelector("script").textContent);
      this.events = cast.events; this.size = [cast.columns, cast.rows];
      this.end = this.events.length ? this.events[this.events.length - 1][0] : 0;
      this.screen = element("pre", {className: "screen"});
      this.play = element("button", {textContent: "Play"});
      this.place = element("input", {type: "range", min: 0, max: Math.max(this.end, 1), value: 0});
      this.time = element("span", {});
      this.speed = element("select", {});
      for (const n of [0.5, 1, 2, 4, 8, 16]) this.speed.append(element("option", {value: n, textContent: `${n}×`, selected: n === 1}));
      this.pauses = element("input", {type: "checkbox", checked: true});
      const short = element("label", {});
      short.append(this.pauses, " pauses of 2 s at most");
      const controls = element("div", {className: "controls"});
      controls.append(this.play, this.place, this.time, this.speed, short);
      box.append(this.screen, controls);
      this.play.onclick = () => this.running ? this.stop() : this.start();
      this.place.oninput = () => { this.stop(); this.go(Number(this.place.value)); };
      this.terminal = new Terminal(...this.size);
      this.next = 0; this.at = 0; this.running = false;
      this.go(Math.min(this.end, 60000));
      this.text(lines);
    }
    show(until) {
      for (; this.next < this.events.length && this.events[this.next][0] <= until; ++this.next) {
        const [, kind, data] = this.events[this.next];
        if (kind === "o") this.terminal.write(data);
        else { const [c, r] = data.split("x").map(Number); if (c > 0 && r > 0) this.terminal.resize(c, r); }
      }
      this.at = until;
      this.terminal.draw(this.screen);
      this.place.value = until;
      this.time.textContent = `${clock(until)} / ${clock(this.end)}`;
    }
    go(at) {
      if (at < this.at) { this.terminal = new Terminal(...this.size); this.next = 0; }
      this.show(at);
    }
    start() {
      if (this.next >= this.events.length) this.go(0);
      this.running = true; this.play.textContent = "Pause"; this.last = performance.now();
      const frame = now => {
        if (!this.running) return;
        let at = this.at + (now - this.last) * Number(this.speed.value);
        this.last = now;
        const due = this.next < this.events.length ? this.events[this.next][0] : this.end;
        if (this.pauses.checked && due - at > 2000) at = due - 2000;
        this.show(Math.min(at, this.end));
        if (this.next >= this.events.length) this.stop(); else requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    }
    stop() { this.running = false; this.play.textContent = "Play"; }
    text(box) {
      const rows = [...box.querySelectorAll(".lines div")];
      const needle = element("input", {type: "search", placeholder: "search this text"});
      const count = element("span", {className: "faint"});
      const find = () => {
        const wanted = needle.value.toLowerCase();
        let found = 0;
        for (const row of rows) {
          const hit = row.textContent.toLowerCase().includes(wanted);
          row.classList.toggle("hidden", !hit);
          if (hit) found++;
        }
        count.textContent = wanted ? ` ${found} lines` : "";
      };
      needle.oninput = find;
      const bar = element("div", {className: "controls"});
      bar.append(needle, count);
      box.prepend(bar);
      for (const row of rows) row.onclick = () => { this.stop(); this.go(Number(row.dataset.at)); this.screen.scrollIntoView({block: "nearest"}); };
    }
  }

  for (const box of document.querySelectorAll(".player")) new Player(box, box.nextElementSibling);
})();
