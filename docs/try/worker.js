// Python and chalknet, in a thread of their own: the page stays responsive while they load and work.
import { loadPyodide } from "./pyodide/pyodide.mjs";

const here = new URL(".", import.meta.url);
let read = 0;
let python;

// Every file that is loaded is counted as it comes, Pyodide's own too.
const plainFetch = self.fetch.bind(self);
self.fetch = async (...words) => {
  const response = await plainFetch(...words);
  if (!response.ok || !response.body) return response;
  const counted = response.body.pipeThrough(
    new TransformStream({
      transform(part, out) {
        read += part.byteLength;
        self.postMessage({ read });
        out.enqueue(part);
      },
    }),
  );
  return new Response(counted, { headers: response.headers, status: response.status });
};

async function start() {
  const files = await (await plainFetch(new URL("files.json", here))).json();
  self.postMessage({ total: files.bytes });
  const [loaded, wheel, board] = await Promise.all([
    loadPyodide({ indexURL: new URL("pyodide/", here).href }),
    fetch(new URL(files.wheel, here)).then((response) => response.arrayBuffer()),
    plainFetch(new URL("board.py", here)).then((response) => response.text()),
  ]);
  loaded.unpackArchive(new Uint8Array(wheel), "wheel", { extractDir: "/chalknet" });
  loaded.FS.writeFile("/chalknet/board.py", board);
  loaded.runPython("import sys; sys.path.insert(0, '/chalknet'); import board");
  python = loaded.pyimport("board");
  self.postMessage({ ready: true, dialects: JSON.parse(python.dialects()) });
}

self.onmessage = ({ data }) => {
  try {
    self.postMessage({ answer: JSON.parse(python.answer(JSON.stringify(data.question))), number: data.number });
  } catch (problem) {
    self.postMessage({ failed: String(problem.message ?? problem).trim().split("\n").pop(), number: data.number });
  }
};

start().catch((problem) => self.postMessage({ broken: String(problem.message ?? problem) }));
