// Says for every file given whether the tool that people use takes it: Graphviz for .dot, Mermaid for .mmd.
import fs from "fs";
import { Graphviz } from "@hpcc-js/wasm-graphviz";
import { JSDOM } from "jsdom";
globalThis.window = new JSDOM("").window;
globalThis.document = window.document;
const mermaid = (await import("mermaid")).default, graphviz = await Graphviz.load();
for (const file of process.argv.slice(2)) {
  const text = fs.readFileSync(file, "utf8");
  try {
    if (file.endsWith(".dot")) graphviz.layout(text, "svg", "dot"); else await mermaid.parse(text);
    console.log("ok", file);
  } catch (problem) { console.log("refused", file, String(problem.message ?? problem).split("\n")[0]); }
}
