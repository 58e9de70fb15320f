// What the client consists of: the largest functions of a WASM file that still has names, and what
// each crate and each generic function takes. scripts/wasm-size.sh builds such a file; the sizes
// are before compression.
import { readFileSync } from "node:fs";

const [file, shown = "40", filter = ""] = process.argv.slice(2);
const bytes = readFileSync(file);
let at = 8;

function number() {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return value;
  }
}
const text = () => {
  const length = number();
  return bytes.toString("utf8", at, (at += length));
};

const sections = {};
const names = new Map();
const sizes = [];
let imported = 0;
while (at < bytes.length) {
  const id = bytes[at++];
  const end = number() + at;
  const start = at;
  let kind = ["custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element", "code", "data", "data count"][id] ?? `section ${id}`;
  if (id === 0) {
    kind = `custom ${text()}`;
    if (kind === "custom name") {
      while (at < end) {
        const part = bytes[at++];
        const partEnd = number() + at;
        if (part === 1) {
          for (let count = number(); count > 0; count--) {
            const index = number();
            names.set(index, text());
          }
        }
        at = partEnd;
      }
    }
  } else if (id === 2) {
    for (let count = number(); count > 0; count--) {
      text();
      text();
      const type = bytes[at++];
      if (type === 0) {
        imported++;
        number();
      } else if (type === 3) {
        at += 2;
      } else {
        if (type === 1) at++;
        const limits = number();
        number();
        if (limits & 1) number();
      }
    }
  } else if (id === 10) {
    const count = number();
    for (let i = 0; i < count; i++) {
      const size = number();
      sizes.push(size);
      at += size;
    }
  }
  sections[kind] = (sections[kind] ?? 0) + end - start;
  at = end;
}

const functions = sizes.map((size, i) => ({ size, name: (names.get(imported + i) ?? "?").replace(/(::h[0-9a-f]{16}|\[[0-9a-f]{16}\])/g, "") }));
const table = (title, rows, limit) => {
  console.log(`\n${title}`);
  for (const [name, size, count] of rows.sort((a, b) => b[1] - a[1]).slice(0, limit)) console.log(`${String(size).padStart(9)} ${String(count).padStart(5)}  ${name.slice(0, 220)}`);
};
const grouped = (key) => {
  const groups = new Map();
  for (const { size, name } of functions) {
    const of = key(name);
    const [total, count] = groups.get(of) ?? [0, 0];
    groups.set(of, [total + size, count + 1]);
  }
  return [...groups].map(([name, [size, count]]) => [name, size, count]);
};
// `<a::B as c::D>::e` belongs to a, and where that is a plain type to c.
const crateOf = (name) => {
  const words = name.match(/[a-zA-Z_][a-zA-Z_0-9]*(?=::)/g) ?? [];
  return words.find((word) => !["core", "alloc", "std", "dyn", "impl"].includes(word)) ?? words[0] ?? "(no name)";
};
// Without what is between angle brackets.
const generic = (name) => {
  let depth = 0;
  let out = "";
  for (const char of name) {
    if (char === "<") depth++;
    if (depth === 0 || (depth === 1 && name.startsWith("<") && out.length < 1)) out += char;
    if (char === ">") depth--;
  }
  return out.replace(/\{\{closure\}\}.*/, "{closure}") || name.slice(0, 80);
};

console.log(`${file}: ${bytes.length} bytes, ${functions.length} functions`);
table("sections", Object.entries(sections).map(([name, size]) => [name, size, 1]), 20);
table("by crate", grouped(crateOf), Number(shown));
table("by generic function", grouped(generic), Number(shown));
const wanted = functions.filter(({ name }) => name.includes(filter));
table(`largest functions${filter && ` with ${filter}`}`, wanted.map(({ name, size }) => [name, size, 1]), Number(shown));
