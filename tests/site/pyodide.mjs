// Loads a wheel of chalknet in Pyodide under Node, and asks the page's Python: node pyodide.mjs PYODIDE WHEEL BOARD QUESTIONS
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, wheel, board, questions] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`).href);
const python = await loadPyodide();
python.unpackArchive(new Uint8Array(readFileSync(wheel)), "wheel", { extractDir: "/chalknet" });
python.FS.writeFile("/chalknet/board.py", readFileSync(board, "utf8"));
python.runPython("import sys; sys.path.insert(0, '/chalknet'); import board");
const asked = python.pyimport("board");
const answers = JSON.parse(questions).map((question) => JSON.parse(asked.answer(JSON.stringify(question))));
const loaded = python.runPython("[name for name in ('torch', 'numpy', 'rich', 'defusedxml') if name in sys.modules]").toJs();
console.log(JSON.stringify({ answers, dialects: JSON.parse(asked.dialects()), loaded }));
