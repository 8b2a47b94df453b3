// The page without installation: text in, picture, other forms, counts and differences out.
const WORDS = {
  en: {
    start: "Start", size: "loads Python for this page, about 17 MB, once; nothing is sent anywhere",
    loading: "Loading", starting: "Starting Python…", ready: "Ready.", working: "Working…", network: "Network, in any form",
    examples: "Examples", dialect: "Drawn as", other: "Compare with (another network, or nothing)",
    forms: "Other forms", counts: "Counts", account: "What each mark was taken for", copy: "Copy",
    copied: "Copied", svg: "Save SVG", link: "Copy a link to this", same: "The same network.",
    differ: "They differ:", file: "Open a file",
    binary: "A picture or a PDF is read by the installed package alone: pip install \"chalknet[pictures]\".",
    missing: "This copy of the site was built without Python for the browser (make docs fetches it, with npm).",
  },
  ko: {
    start: "시작", size: "이 페이지에서 쓸 파이썬을 한 번 내려받습니다(약 17 MB). 입력한 내용은 어디로도 전송되지 않습니다",
    loading: "불러오는 중", starting: "파이썬을 시작합니다…", ready: "준비되었습니다.", working: "계산 중…", network: "신경망 (어떤 형식이든)",
    examples: "예제", dialect: "그림 방식", other: "비교할 다른 신경망 (비워 두어도 됩니다)",
    forms: "다른 형식", counts: "개수", account: "그림의 각 표시를 무엇으로 읽었는지", copy: "복사",
    copied: "복사했습니다", svg: "SVG 저장", link: "이 내용의 링크 복사", same: "같은 신경망입니다.",
    differ: "다른 곳:", file: "파일 열기",
    binary: "사진과 PDF는 설치한 패키지에서만 읽습니다: pip install \"chalknet[pictures]\".",
    missing: "이 사이트는 브라우저용 파이썬 없이 만들어졌습니다(make docs가 npm으로 내려받습니다).",
  },
};
const EXAMPLES = [
  "X(n,784) -l1-> u1(n,32) -relu-> v1(n,32) -l2-> u2(n,1) -sig-> v2(n,1) = yhat",
  "\\underset{(n,784)}{\\bf X} \\overset{l_1}{\\to} \\underset{(n,32)}{\\boldsymbol u^{(1)}} \\overset{relu}{\\to} \\underset{(n,32)}{\\boldsymbol v^{(1)}} \\overset{l_2}{\\to} \\underset{(n,1)}{\\boldsymbol u^{(2)}} \\overset{sig}{\\to} \\underset{(n,1)}{\\boldsymbol v^{(2)}}=\\underset{(n,1)}{\\hat{\\boldsymbol y}}",
  "1 -> 2 relu -> 1 sigmoid",
  "torch.nn.Sequential(\n    torch.nn.Linear(2, 3),\n    torch.nn.Tanh(),\n    torch.nn.Linear(3, 1),\n)",
  "digraph {\n  {x1 x2 x3} -> {h1 h2} -> y\n  y [label=\"sigmoid\"]\n}",
  "784 -> 32 rleu -> 1 sigmoid",
];
const here = new URL(".", import.meta.url);

/** Return an element with attributes and children; a text stays a text. */
function made(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

class Board {
  constructor(root) {
    this.root = root;
    this.language = root.dataset.language ?? "en";
    this.words = WORDS[this.language];
    this.asked = this.answered = 0;
    this.build();
    const shared = new URLSearchParams(location.hash.slice(1));
    if (shared.has("net")) {
      this.text.value = shared.get("net");
      this.other.value = shared.get("other") ?? "";
      this.start();
    }
  }

  build() {
    const { words } = this;
    const id = `board-${Math.random().toString(36).slice(2)}`;
    const later = () => this.later();
    this.text = made("textarea", { id, rows: 4, spellcheck: "false", autocapitalize: "off", oninput: later });
    this.text.value = EXAMPLES[0];
    this.other = made("textarea", { id: `${id}-other`, rows: 1, spellcheck: "false", autocapitalize: "off", oninput: later });
    this.dialect = made("select", { id: `${id}-dialect`, onchange: later });
    this.dialect.append(made("option", { value: "nodes" }, "nodes"));
    const choose = (event) => { this.text.value = EXAMPLES[event.target.value]; this.start(); this.ask(); };
    this.examples = made("select", { id: `${id}-examples`, onchange: choose });
    EXAMPLES.forEach((text, number) => this.examples.append(made("option", { value: number }, text.replace(/\s+/g, " ").slice(0, 60))));
    this.file = made("input", { type: "file", id: `${id}-file`, onchange: () => this.open(this.file.files[0]) });
    this.button = made("button", { type: "button", class: "md-button md-button--primary", onclick: () => this.start() }, words.start);
    this.progress = made("progress", { max: "1", value: "0", hidden: "", "aria-label": words.loading });
    this.status = made("span", { role: "status", class: "board-status" }, words.size);
    this.error = made("div", { class: "board-error", role: "alert", hidden: "" });
    this.results = made("div", { class: "board-results" });
    this.text.addEventListener("focus", () => this.start(), { once: true });
    this.root.addEventListener("dragover", (event) => event.preventDefault());
    this.root.addEventListener("drop", (event) => { event.preventDefault(); this.open(event.dataTransfer.files[0]); });
    this.root.replaceChildren(
      made("div", { class: "board-row" }, made("label", { for: `${id}-examples` }, words.examples), this.examples,
        made("label", { for: `${id}-file` }, words.file), this.file),
      made("label", { for: id }, words.network), this.text, this.error,
      made("div", { class: "board-row" }, this.button, this.progress, this.status),
      made("label", { for: `${id}-other` }, words.other), this.other,
      (this.difference = made("div", { class: "board-difference", "aria-live": "polite" })),
      made("div", { class: "board-row" }, made("label", { for: `${id}-dialect` }, words.dialect), this.dialect),
      this.results,
    );
    const look = () => this.ready && this.ask();
    new MutationObserver(look).observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
  }

  get dark() { return document.body.dataset.mdColorScheme === "slate"; }

  async start() {
    if (this.worker || this.starting) return;
    this.starting = true;
    this.button.disabled = true;
    if (!(await fetch(new URL("files.json", here))).ok) { this.say(this.words.missing); return; }
    this.progress.hidden = false;
    this.worker = new Worker(new URL("worker.js", here), { type: "module" });
    this.worker.onerror = () => this.say("worker.js");
    this.worker.onmessage = ({ data }) => this.heard(data);
  }

  say(text) { this.status.textContent = text; }

  heard(data) {
    if (data.total) this.total = data.total;
    if (data.read) {
      this.progress.value = data.read / this.total;
      const amount = `${(data.read / 1e6).toFixed(1)} / ${(this.total / 1e6).toFixed(1)} MB`;
      this.say(data.read < this.total ? `${this.words.loading} ${amount}` : this.words.starting);
    }
    if (data.broken) this.say(data.broken);
    if (data.ready) {
      this.ready = true;
      this.button.hidden = this.progress.hidden = true;
      this.dialect.replaceChildren(...data.dialects.map(([name, number, what]) =>
        made("option", { value: name }, `${number}: ${what}`)));
      this.dialect.value = "nodes";
      this.ask();
    }
    if (data.number === undefined) return;
    this.answered = data.number;
    if (this.asked > this.answered) return this.send();
    this.say(this.words.ready);
    if (data.failed) this.show({ error: data.failed, excerpt: "" });
    else this.show(data.answer);
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), 150);
  }

  // One question at a time is with the worker; of those that come meanwhile, the newest is asked next.
  ask() {
    if (!this.ready) return this.start();
    const idle = this.asked === this.answered;
    this.asked += 1;
    if (idle) this.send();
  }

  send() {
    this.say(this.words.working);
    const question = { text: this.text.value, other: this.other.value, dialect: this.dialect.value,
      dark: this.dark, language: this.language };
    this.worker.postMessage({ question, number: this.asked });
  }

  async open(file) {
    if (!file) return;
    const text = await file.text();
    if (text.includes("\0") || text.includes("\ufffd")) return this.showError(this.error, { error: this.words.binary, excerpt: "" });
    this.text.value = text;
    this.ask();
  }

  showError(place, found) {
    place.hidden = false;
    place.replaceChildren(made("p", {}, found.error));
    if (found.excerpt) place.append(made("pre", {}, found.excerpt));
  }

  show(found) {
    this.error.hidden = !found.error;
    this.text.setAttribute("aria-invalid", String(Boolean(found.error)));
    if (found.error) this.showError(this.error, found);
    this.results.classList.toggle("board-old", Boolean(found.error)); // the last network that was one, faded
    if (!found.error) this.results.replaceChildren(...this.parts(found));
    this.difference.replaceChildren();
    const difference = found.difference;
    if (!difference) return;
    if (difference.error) this.showError(this.difference.appendChild(made("div", { class: "board-error" })), difference);
    else if (!difference.rows.length) this.difference.append(made("p", {}, this.words.same));
    else this.difference.append(made("p", {}, this.words.differ), this.table(difference.columns, difference.rows));
  }

  parts(found) {
    const { words } = this;
    const parts = [this.picture(found.picture)];
    parts.push(...found.notes.map((note) => made("p", { class: "board-note" }, note)));
    parts.push(made("h3", {}, words.counts), this.table([], found.counts), made("h3", {}, words.forms));
    for (const [name, form] of Object.entries(found.forms)) {
      const body = form.error ? made("p", {}, form.error) : made("pre", { tabindex: "0" }, form.text);
      const open = ["latex", "torch"].includes(name) ? { open: "" } : {};
      const box = made("details", { "data-form": name, ...open }, made("summary", {}, name), body);
      if (!form.error) box.append(this.copier(words.copy, () => form.text));
      parts.push(box);
    }
    if (found.account) parts.push(made("h3", {}, words.account), this.table(found.account.columns, found.account.rows));
    return parts;
  }

  picture(picture) {
    const box = made("figure", { class: "board-picture" });
    if (picture.error) { this.showError(box, picture); return box; }
    const source = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(picture.svg)}`;
    const name = "network.svg";
    const buttons = made("div", { class: "board-row" }, made("a", { class: "board-button", href: source, download: name }, this.words.svg),
      this.copier(this.words.link, () => this.address()));
    box.append(made("img", { src: source, alt: picture.alt }), buttons);
    return box;
  }

  address() {
    const state = new URLSearchParams({ net: this.text.value });
    if (this.other.value.trim()) state.set("other", this.other.value);
    return `${location.href.split("#")[0]}#${state}`;
  }

  copier(label, text) {
    const copy = async (event) => {
      const button = event.currentTarget;
      try { await navigator.clipboard.writeText(text()); } catch { this.copyOld(text()); }
      button.textContent = this.words.copied;
      setTimeout(() => { button.textContent = label; }, 1500);
    };
    return made("button", { type: "button", class: "board-button", onclick: copy }, label);
  }

  // Where the page came by http from another machine, browsers offer this way alone.
  copyOld(text) {
    const field = document.body.appendChild(made("textarea"));
    field.value = text;
    field.select();
    document.execCommand("copy");
    field.remove();
  }

  table(columns, rows) {
    const table = made("table", {});
    if (columns.length) table.append(made("thead", {}, made("tr", {}, ...columns.map((text) => made("th", { scope: "col" }, text)))));
    const heads = columns.length ? "td" : "th";
    const line = ([first, ...rest]) => made("tr", {}, made(heads, heads === "th" ? { scope: "row" } : {}, first), ...rest.map((text) => made("td", {}, text)));
    table.append(made("tbody", {}, ...rows.map(line)));
    return made("div", { class: "board-table", tabindex: "0" }, table);
  }
}

for (const root of document.querySelectorAll(".board")) new Board(root);
