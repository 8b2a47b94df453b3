// Lays out DOT by Graphviz: a line of JSON {"dot": ..., "engine": ...} in, a line {"svg": ...} out, until the input ends.
import readline from "readline";
import { Graphviz } from "@hpcc-js/wasm-graphviz";
const graphviz = await Graphviz.load();
for await (const line of readline.createInterface({ input: process.stdin })) {
  const { dot, engine } = JSON.parse(line);
  try { console.log(JSON.stringify({ svg: graphviz.layout(dot, "svg", engine) })); }
  catch (problem) { console.log(JSON.stringify({ svg: "", problem: String(problem) })); }
}
