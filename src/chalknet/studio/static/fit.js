// The canvases of Data and fit: they request the next frame as soon as the last one is shown.
window.chalknetFit ??= (() => {
  const KINDS = [[213, 94, 0], [0, 114, 178], [0, 158, 115], [204, 121, 167], [230, 159, 0], [86, 180, 233], [120, 94, 240], [90, 90, 90]];
  const dark = () => document.body.classList.contains("body--dark");
  const mix = (from, to, share) => from.map((value, at) => value + (to[at] - value) * share);
  const middle = () => (dark() ? [38, 44, 49] : [244, 244, 240]);
  const whole = ([red, green, blue]) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  // distinguishable for colour-blind readers too
  const LINES = { light: ["#0072b2", "#d55e00", "#009e73"], dark: ["#56b4e9", "#e69f00", "#2fc597"] };
  const lineColour = (number) => LINES[dark() ? "dark" : "light"][number % LINES.light.length];
  const ink = () => (dark() ? "#e8e8e3" : "#1d2227");

  async function get(path) {
    const answer = await fetch(path, { cache: "no-store" });
    if (answer.status !== 200) return null;
    const whole = await answer.arrayBuffer();
    const length = new DataView(whole).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(whole, 4, length)));
    let at = 4 + length;
    header.parts = header.parts.map((size) => {
      const part = [at, size];
      at += size + ((4 - (size % 4)) % 4);
      return part;
    });
    header.bytes = (number) => new Uint8Array(whole, ...header.parts[number]);
    header.whole = (number) => new Int32Array(whole, header.parts[number][0], header.parts[number][1] / 4);
    header.floats = (number) => new Float32Array(whole, header.parts[number][0], header.parts[number][1] / 4);
    return header;
  }

  function sized(canvas) {
    const box = canvas.getBoundingClientRect(), scale = Math.min(2, devicePixelRatio || 1);
    const width = Math.max(1, Math.round(box.width * scale)), height = Math.max(1, Math.round(box.height * scale));
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    return [canvas.getContext("2d"), width, height, scale];
  }

  function painted(side, rows, colour) {
    const sheet = new OffscreenCanvas(side, rows), pen = sheet.getContext("2d");
    const image = pen.createImageData(side, rows), cells = new Uint32Array(image.data.buffer);
    for (let at = 0; at < cells.length; at++) cells[at] = colour(at);
    pen.putImageData(image, 0, 0);
    return sheet;
  }

  function shade(share) {
    const table = shade.of === dark() ? shade.table : null;
    if (!table) {
      shade.of = dark();
      shade.table = Array.from({ length: 256 }, (_, value) => {
        const away = (value - 127.5) / 127.5;
        return mix(middle(), KINDS[away < 0 ? 0 : 1], 0.75 * Math.abs(away));
      });
      shade.cells = Uint32Array.from(shade.table, whole);
    }
    return shade.table[share];
  }

  const frameOf = (points) => ({
    x: (value, width) => ((value - points.low[0]) / (points.high[0] - points.low[0])) * width,
    y: (value, height) => {
      const [low, high] = points.columns === 1 ? spread(points.values) : [points.low[1], points.high[1]];
      return (1 - (value - low) / (high - low)) * height;
    },
  });
  const spread = ([low, high]) => [low - 0.15 * (high - low || 1), high + 0.15 * (high - low || 1)];

  function drawPlace(canvas, points, table, frame, racer) {
    const [pen, width, height, scale] = sized(canvas);
    pen.fillStyle = `rgb(${middle()})`;
    pen.fillRect(0, 0, width, height);
    const place = frameOf(points);
    if (racer && racer.kind === "plane") {
      const bytes = frame.bytes(racer.picture), side = Math.sqrt(bytes.length);
      shade(0);
      pen.imageSmoothingEnabled = true;
      pen.drawImage(painted(side, side, (at) => shade.cells[bytes[at]]), 0, 0, width, height);
    } else if (racer && racer.kind === "classes") {
      const bytes = frame.bytes(racer.picture), half = bytes.length / 2, side = Math.round(Math.sqrt(half));
      const colour = (at) => whole(mix(middle(), KINDS[bytes[at] % KINDS.length], 0.7 * (bytes[half + at] / 255)));
      pen.drawImage(painted(side, side, colour), 0, 0, width, height);
    }
    pen.drawImage(overlay(points, table, place, width, height, scale), 0, 0);
    if (racer && racer.kind === "curve") {
      const along = frame.floats(racer.picture);
      pen.lineWidth = 3 * scale;
      pen.strokeStyle = dark() ? "#ffb000" : "#0a5291";
      pen.beginPath();
      along.forEach((value, at) => pen.lineTo((at / (along.length - 1)) * width, place.y(value, height)));
      pen.stroke();
    }
  }

  // The axes and points, which change less often than the picture behind them.
  function overlay(points, table, place, width, height, scale) {
    const name = [width, height, dark()].join();
    if (points.overlay?.name !== name) {
      const sheet = new OffscreenCanvas(width, height), pen = sheet.getContext("2d");
      axes(pen, points, place, width, height, scale);
      dots(pen, points, table, place, width, height, scale);
      points.overlay = { name, sheet };
    }
    return points.overlay.sheet;
  }

  function axes(pen, points, place, width, height, scale) {
    pen.strokeStyle = pen.fillStyle = ink();
    pen.globalAlpha = 0.35;
    pen.lineWidth = scale;
    pen.beginPath();
    pen.moveTo(place.x(0, width), 0);
    pen.lineTo(place.x(0, width), height);
    pen.moveTo(0, place.y(0, height));
    pen.lineTo(width, place.y(0, height));
    pen.stroke();
    pen.globalAlpha = 0.9;
    pen.font = `${12 * scale}px system-ui, sans-serif`;
    const words = [points.titles[0] || "x1", points.columns === 1 ? "y" : points.titles[1] || "x2"];
    pen.textAlign = "right";
    pen.fillText(words[0], width - 4 * scale, Math.min(height - 4 * scale, place.y(0, height) - 4 * scale));
    pen.textAlign = "left";
    pen.fillText(words[1], Math.max(4 * scale, place.x(0, width) + 4 * scale), 14 * scale);
    pen.globalAlpha = 1;
  }

  function dots(pen, points, table, place, width, height, scale) {
    const size = (points.count > 800 ? 2 : 3.2) * scale;
    const values = points.values || [0, 1];
    for (let row = 0; row < points.count; row++) {
      const [x, y, target, aside] = table.subarray(4 * row, 4 * row + 4);
      const share = Math.round((255 * (target - values[0])) / (values[1] - values[0] || 1));
      const kind = points.classes.length > 1 ? KINDS[Math.round(target) % KINDS.length] : shade(share);
      pen.fillStyle = points.columns === 1 ? ink() : `rgb(${kind.map(Math.round)})`;
      pen.strokeStyle = dark() ? "#000" : "#fff";
      pen.lineWidth = scale;
      pen.beginPath();
      if (aside) pen.rect(place.x(x, width) - size, place.y(y, height) - size, 2 * size, 2 * size);
      else pen.arc(place.x(x, width), place.y(y, height), size, 0, 7);
      pen.fill();
      pen.stroke();
    }
  }

  function drawTiles(canvas, points, examples, frame, racer) {
    const [pen, width, height, scale] = sized(canvas);
    pen.fillStyle = `rgb(${middle()})`;
    pen.fillRect(0, 0, width, height);
    const side = points.pixels, cells = side * side;
    pen.imageSmoothingEnabled = false;
    const across = 6, each = width / across, rows = Math.ceil(examples.length / cells / across);
    for (let one = 0; one < examples.length / cells; one++) {
      const left = (one % across) * each, top = Math.floor(one / across) * (each + 18 * scale);
      const sheet = painted(side, side, (at) => whole(Array(3).fill(255 - examples[one * cells + at])));
      pen.drawImage(sheet, left + 2, top + 2, each - 4, each - 4);
      if (!racer) continue;
      pen.fillStyle = ink();
      pen.font = `${13 * scale}px system-ui, sans-serif`;
      pen.textAlign = "center";
      pen.fillText(racer.said[one].toFixed(3), left + each / 2, top + each + 12 * scale);
    }
    if (!racer || !racer.count) return;
    shade(0);
    const bytes = frame.bytes(racer.picture), start = rows * (each + 18 * scale) + 8 * scale;
    const many = racer.count > 8 ? 8 : racer.count, small = Math.min(width / many, (height - start) / Math.ceil(racer.count / many));
    for (let unit = 0; unit < racer.count; unit++) {
      const left = (unit % many) * (width / many), top = start + Math.floor(unit / many) * small;
      pen.drawImage(painted(side, side, (at) => shade.cells[bytes[unit * cells + at]]), left + 1, top + 1, small - 2, small - 2);
    }
  }

  // Points of three columns and more: the predicted value of each sample over its true one.
  function drawValues(canvas, points, table, frame, racer, words) {
    const [pen, width, height, scale] = sized(canvas), [low, high] = spread(points.targets);
    pen.fillStyle = `rgb(${middle()})`;
    pen.fillRect(0, 0, width, height);
    const along = (value) => (Math.max(low, Math.min(high, value)) - low) / (high - low);
    pen.strokeStyle = pen.fillStyle = ink();
    pen.lineWidth = scale;
    pen.globalAlpha = 0.35;
    pen.beginPath();
    pen.moveTo(0, height);
    pen.lineTo(width, 0);
    pen.stroke();
    pen.globalAlpha = 0.9;
    pen.font = `${12 * scale}px system-ui, sans-serif`;
    pen.textAlign = "right";
    pen.fillText(`${words.true} ${points.targets[1].toPrecision(3)}`, width - 4 * scale, height - 5 * scale);
    pen.textAlign = "left";
    pen.fillText(points.targets[0].toPrecision(3), 4 * scale, height - 5 * scale);
    pen.fillText(words.predicted, 4 * scale, 14 * scale);
    if (!racer) return;
    const values = frame.floats(racer.picture), size = (points.count > 800 ? 2 : 3) * scale;
    pen.globalAlpha = 0.7;
    for (const aside of [0, 1]) {
      pen.fillStyle = `rgb(${KINDS[aside ? 0 : 1]})`;
      pen.beginPath();
      for (let row = 0; row < points.count; row++) {
        if (table[4 * row + 3] !== aside || !Number.isFinite(values[row])) continue;
        const x = along(table[4 * row + 2]) * width, y = (1 - along(values[row])) * height;
        if (aside) pen.rect(x - size, y - size, 2 * size, 2 * size);
        else { pen.moveTo(x + size, y); pen.arc(x, y, size, 0, 7); }
      }
      pen.fill();
    }
    pen.globalAlpha = 1;
  }

  // How many samples of a true class, a row, are predicted to be of each class.
  function drawConfusion(canvas, points, frame, racer, words) {
    const [pen, width, height, scale] = sized(canvas), count = Math.max(2, points.classes.length);
    pen.fillStyle = `rgb(${middle()})`;
    pen.fillRect(0, 0, width, height);
    const left = 62 * scale, top = 40 * scale, each = Math.min(width - left, height - top) / count;
    const size = Math.max(7, Math.min(14, each / scale / 2.6)) * scale;
    const short = (name, room) => {
      let text = String(name);
      while (text.length > 1 && pen.measureText(text).width > room) text = text.slice(0, -1);
      return text === String(name) ? text : `${text.slice(0, -1)}…`;
    };
    pen.font = `${12 * scale}px system-ui, sans-serif`;
    pen.fillStyle = ink();
    pen.textAlign = "left";
    const of = racer ? (racer.held_out ? words.held_out : words.train) : "";
    pen.fillText(`${words.true} ↓  ${words.predicted} →  ${of}`, 4 * scale, 14 * scale);
    pen.font = `${size}px system-ui, sans-serif`;
    points.classes.forEach((name, at) => {
      if (each < 8 * scale) return; // no room for letters
      pen.textAlign = "center";
      pen.fillText(short(name, each - 4 * scale), left + (at + 0.5) * each, top - 6 * scale);
      pen.textAlign = "right";
      pen.fillText(short(name, left - 8 * scale), left - 6 * scale, top + (at + 0.5) * each + size / 3);
    });
    if (!racer) return;
    const cells = frame.whole(racer.picture);
    for (let row = 0; row < count; row++) {
      const own = cells.subarray(row * count, (row + 1) * count), all = own.reduce((sum, value) => sum + value, 0);
      own.forEach((value, column) => {
        const share = all ? value / all : 0;
        pen.fillStyle = `rgb(${mix(middle(), KINDS[row === column ? 1 : 0], 0.75 * share)})`;
        pen.fillRect(left + column * each + 1, top + row * each + 1, each - 2, each - 2);
        if (each < 16 * scale) return;
        pen.fillStyle = share > 0.55 ? "#fff" : ink();
        pen.textAlign = "center";
        pen.fillText(value, left + (column + 0.5) * each, top + (row + 0.5) * each + size / 3);
      });
    }
  }

  function drawCurves(canvas, frame, axis, logarithmic, upTo) {
    const [pen, width, height, scale] = sized(canvas);
    pen.clearRect(0, 0, width, height);
    const lines = frame.racers.map((racer) => frame.floats(racer.curve));
    const all = lines.flatMap((line) => [...Array(line.length / 5).keys()].map((row) => line.subarray(5 * row, 5 * row + 5)));
    const losses = all.flatMap((row) => [row[3], row[4]]).filter((value) => Number.isFinite(value) && (!logarithmic || value > 0));
    if (!losses.length) return;
    const scaled = logarithmic ? Math.log10 : (value) => value;
    let low = logarithmic ? scaled(Math.min(...losses)) : 0, high = scaled(Math.max(...losses));
    if (high - low < 1e-9) high = low + 1;
    const most = Math.max(...all.map((row) => row[axis]), 1e-9);
    const left = 52 * scale, bottom = height - 24 * scale, top = 8 * scale, right = width - 10 * scale;
    const x = (value) => left + (value / most) * (right - left);
    const y = (value) => bottom - ((scaled(value) - low) / (high - low)) * (bottom - top);
    pen.font = `${12 * scale}px system-ui, sans-serif`;
    pen.fillStyle = pen.strokeStyle = ink();
    pen.lineWidth = scale;
    pen.globalAlpha = 0.5;
    pen.strokeRect(left, top, right - left, bottom - top);
    pen.globalAlpha = 1;
    const back = (value) => (logarithmic ? 10 ** value : value);
    pen.textAlign = "right";
    for (const share of [0, 0.5, 1]) pen.fillText(back(low + share * (high - low)).toPrecision(2), left - 5 * scale, bottom - share * (bottom - top) + 4 * scale);
    for (const share of [0, 0.5, 1]) {
      pen.textAlign = share === 1 ? "right" : share ? "center" : "left";
      const value = share * most;
      pen.fillText(axis === 2 ? value.toPrecision(2) : Math.round(value).toLocaleString("en"), left + share * (right - left), bottom + 16 * scale);
    }
    lines.forEach((line, number) => {
      pen.strokeStyle = lineColour(number);
      for (const column of [3, 4]) {
        pen.lineWidth = (column === 3 ? 2.2 : 1.6) * scale;
        pen.setLineDash(column === 3 ? [] : [5 * scale, 4 * scale]);
        pen.beginPath();
        for (let row = 0; row < line.length; row += 5)
          if (Number.isFinite(line[row + column]) && (!logarithmic || line[row + column] > 0)) pen.lineTo(x(line[row + axis]), y(line[row + column]));
        pen.stroke();
      }
    });
    pen.setLineDash([]);
    if (upTo !== null && axis === 0) {
      pen.strokeStyle = ink();
      pen.lineWidth = scale;
      pen.beginPath();
      pen.moveTo(x(upTo), top);
      pen.lineTo(x(upTo), bottom);
      pen.stroke();
    }
  }

  class FitView {
    constructor(root, key, language, before) {
      Object.assign(this, { root, key, language, version: -1, pictures: 0, at: before?.at ?? -1, cursor: [0, 0], class: 1 });
      this.part = (name) => root.querySelector(`[data-fit="${name}"]`);
      this.scrub = this.part("scrub");
      this.words = JSON.parse(root.dataset.words);
      this.scrub.addEventListener("input", () => this.go(Number(this.scrub.value)));
      if (before) this.part("axis").value = before.part("axis").value; // the page was rebuilt: what is seen stays
      if (before) this.part("log").checked = before.part("log").checked;
      this.awake = performance.now();
      this.run();
    }
    go(at) {
      this.at = at >= Number(this.scrub.max) ? -1 : at;
    }
    // What is shown changes by what the user does, or by a fit: else a frame a second is enough.
    wake() {
      this.awake = performance.now();
      this.ring?.();
    }
    rest(time) {
      return new Promise((done) => {
        const timer = setTimeout(done, time);
        this.ring = () => { clearTimeout(timer); done(); };
      });
    }
    async run() {
      let wait = 0;
      while (this.root.isConnected) {
        if (wait > 0) await this.rest(wait);
        await new Promise(requestAnimationFrame);
        const began = performance.now();
        try {
          const frame = await get(`/studio-fit/${this.key}/frame?at=${this.at}&language=${this.language}`);
          if (!frame) { wait = 1000; continue; }
          if (frame.version !== this.version) await this.renew(frame.version);
          this.show(frame);
          this.pictures += 1;
          const isAwake = performance.now() - this.awake < 2000;
          wait = frame.running ? 28 - (performance.now() - began) : isAwake ? 120 : 1000; // at most 30 pictures a second
        } catch (problem) {
          wait = 1000; // the server is not reachable
          this.problem = String(problem);
        }
      }
    }
    async renew() {
      this.points = await get(`/studio-fit/${this.key}/points`);
      if (this.version >= 0) this.at = -1;
      this.version = this.points.version;
      this.table = this.points.count ? this.points.floats(0) : new Float32Array();
    }
    show(frame) {
      this.frame = frame;
      const places = this.part("places"), wanted = Math.max(1, frame.racers.length);
      while (places.children.length > wanted) places.lastChild.remove();
      while (places.children.length < wanted) places.append(this.made());
      places.classList.toggle("ck-many", wanted > 1);
      [...places.children].forEach((figure, number) => this.draw(figure, frame, frame.racers[number]));
      if (document.activeElement !== this.scrub || this.at < 0) {
        this.scrub.max = frame.updates;
        this.scrub.value = this.at < 0 ? frame.updates : this.at;
      }
      this.scrub.setAttribute("aria-valuetext", frame.racers[0]?.text || "");
      const axis = Number(this.part("axis").value);
      if (frame.racers.length) drawCurves(this.part("curves"), frame, axis, this.part("log").checked, this.at < 0 ? null : this.at);
      this.part("legend").hidden = frame.racers.length < 1;
      const problem = frame.racers.map((racer) => racer.problem).find(Boolean) || "";
      if (this.part("failed").textContent !== problem) this.part("failed").textContent = problem;
      this.root.dataset.running = frame.running;
      this.root.dataset.updates = frame.racers[0]?.updates ?? 0;
      this.digit(frame.racers[0]);
      const picture = document.querySelector(".ck-picture");
      picture?.showWeights?.(frame.edges, frame.edges === undefined ? null : frame.floats(frame.edge_weights));
    }
    made() {
      const figure = document.createElement("figure"), canvas = document.createElement("canvas");
      const words = document.createElement("figcaption");
      canvas.className = "ck-place";
      canvas.setAttribute("role", "img");
      figure.append(canvas, words);
      this.listen(canvas);
      return figure;
    }
    draw(figure, frame, racer) {
      const [canvas, words] = figure.children, points = this.points;
      const before = points.low ? "places" : points.pixels ? "tiles" : points.classes?.length ? "confusion" : "values";
      const kind = points.low ? "places" : racer?.kind || before;
      canvas.hidden = !points.count;
      canvas.classList.toggle("ck-tall", Boolean(points.pixels));
      if (!points.count) return;
      if (points.low) drawPlace(canvas, points, this.table, frame, racer);
      else if (kind === "tiles") drawTiles(canvas, points, points.bytes(1), frame, racer);
      else if (kind === "values") drawValues(canvas, points, this.table, frame, racer, this.words);
      else if (kind === "confusion") drawConfusion(canvas, points, frame, racer, this.words);
      const shown = this.part("kind");
      if (shown.textContent !== this.words[kind]) shown.textContent = this.words[kind];
      const text = racer ? (frame.racers.length > 1 ? `${racer.title}: ` : "") + racer.text : "";
      if (words.textContent !== text) words.textContent = text;
      const said = `${this.words[kind]} ${text}`;
      if (!frame.running && canvas.getAttribute("aria-label") !== said) canvas.setAttribute("aria-label", said);
      words.style.borderLeftColor = lineColour([...figure.parentNode.children].indexOf(figure));
      if (this.painting && points.low && !racer) this.cross(canvas);
    }
    listen(canvas) {
      const emit = (detail) => this.part("paint").dispatchEvent(new CustomEvent("paint", { detail }));
      const add = (x, y, kind) => this.painting && emit({ x, y, kind });
      canvas.addEventListener("pointerdown", (event) => {
        if (!this.painting || !this.points.low) return;
        const box = canvas.getBoundingClientRect(), { low, high } = this.points;
        const x = low[0] + ((event.clientX - box.left) / box.width) * (high[0] - low[0]);
        const y = high[1] - ((event.clientY - box.top) / box.height) * (high[1] - low[1]);
        add(x, y, event.button === 2 || event.shiftKey ? 1 - this.class : this.class);
        event.preventDefault();
      });
      canvas.addEventListener("contextmenu", (event) => this.painting && event.preventDefault());
      canvas.addEventListener("keydown", (event) => {
        if (!this.painting) return;
        const step = { ArrowLeft: [-0.4, 0], ArrowRight: [0.4, 0], ArrowUp: [0, 0.4], ArrowDown: [0, -0.4] }[event.key];
        if (step) this.cursor = this.cursor.map((value, at) => Math.max(-6, Math.min(6, value + step[at])));
        else if (event.key === "Enter" || event.key === " ") add(...this.cursor, this.class);
        else if (event.key === "0" || event.key === "1") this.class = Number(event.key);
        else return;
        event.preventDefault();
      });
    }
    paint(on, kind) {
      this.painting = on;
      this.class = kind;
      this.root.querySelectorAll("canvas.ck-place").forEach((canvas) => (canvas.tabIndex = on ? 0 : -1));
    }
    cross(canvas) {
      const [pen, width, height, scale] = sized(canvas), place = frameOf(this.points);
      const [x, y] = [place.x(this.cursor[0], width), place.y(this.cursor[1], height)];
      pen.strokeStyle = `rgb(${KINDS[this.class]})`;
      pen.lineWidth = 2 * scale;
      pen.strokeRect(x - 6 * scale, y - 6 * scale, 12 * scale, 12 * scale);
    }
    digit(racer) {
      const said = this.part("digit-said");
      if (!said) return;
      const text = racer?.digit === undefined ? "" : said.dataset.text.replace("{digit}", racer.digit > 0.5 ? "1" : "0").replace("{value}", racer.digit.toFixed(3));
      if (said.textContent !== text) said.textContent = text;
    }
    slate(canvas) {
      // A pad of 28 × 28 pixels on which a digit is drawn by pointer, or by arrow keys with the space bar down.
      const side = 56, pen = canvas.getContext("2d");
      let down = false, last = null, at = [28, 28], pressed = false;
      const clear = () => { pen.fillStyle = "#000"; pen.fillRect(0, 0, side, side); };
      const send = () => {
        const pixels = pen.getImageData(0, 0, side, side).data;
        const dark = Array.from({ length: side * side }, (_, place) => pixels[4 * place]);
        canvas.dispatchEvent(new CustomEvent("drawn", { detail: btoa(String.fromCharCode(...dark)) }));
      };
      const line = (from, to) => {
        pen.strokeStyle = "#fff"; pen.lineWidth = 5; pen.lineCap = pen.lineJoin = "round";
        pen.beginPath(); pen.moveTo(...from); pen.lineTo(to[0] + 0.01, to[1]); pen.stroke();
      };
      const place = (event) => {
        const box = canvas.getBoundingClientRect();
        return [((event.clientX - box.left) / box.width) * side, ((event.clientY - box.top) / box.height) * side];
      };
      canvas.width = canvas.height = side;
      clear();
      canvas.clearSlate = () => { clear(); send(); };
      canvas.addEventListener("pointerdown", (event) => { down = true; last = place(event); line(last, last); canvas.setPointerCapture(event.pointerId); });
      canvas.addEventListener("pointermove", (event) => { if (!down) return; const next = place(event); line(last, next); last = next; });
      canvas.addEventListener("pointerup", () => { down = false; send(); });
      canvas.addEventListener("keydown", (event) => {
        const step = { ArrowLeft: [-3, 0], ArrowRight: [3, 0], ArrowUp: [0, -3], ArrowDown: [0, 3] }[event.key];
        if (event.key === " ") { pressed = !pressed; if (pressed) line(at, at); else send(); }
        else if (step) {
          const next = at.map((value, axis) => Math.max(2, Math.min(side - 2, value + step[axis])));
          if (pressed) line(at, next);
          at = next;
        } else return;
        event.preventDefault();
      });
    }
  }
  const views = new Map();
  for (const kind of ["pointerdown", "click", "keydown", "input", "change", "drop"])
    document.addEventListener(kind, () => views.forEach((view) => view.wake()), true);
  return {
    begin(key, language) {
      const root = document.querySelector(`[data-fit-key="${key}"]`);
      const before = views.get(key);
      if (root && before?.root !== root) views.set(key, new FitView(root, key, language, before));
      return views.get(key);
    },
    of: (key) => views.get(key),
    views,
  };
})();
