// The picture of a network: zoom, pan, hover, and edits. The server draws; this script displays and sends edits.
const LAYER = [/^(?:frame|layer)(\d+)/, /^(?:[uv])(\d+)/];
const DARK = "@media (prefers-color-scheme: dark) {";

export default {
  template: `
  <div class="ck-picture">
    <div class="ck-canvas" ref="canvas" tabindex="0" role="group" :aria-label="alt"
      @pointerdown="down" @pointermove="move" @pointerup="up" @pointercancel="cancel" @pointerleave="leave"
      @wheel="wheel" @keydown="key" @dblclick="fit"></div>
    <p class="ck-hint" v-if="coloured">{{ words.weights }}</p>
    <div class="ck-tip" v-show="tip" :style="tipStyle" role="status">{{ tip }}</div>
    <div class="ck-zoom">
      <button type="button" class="ck-button plain" @click="scale(1 / 1.25)" :aria-label="words.larger" :title="words.larger">+</button>
      <button type="button" class="ck-button plain" @click="scale(1.25)" :aria-label="words.smaller" :title="words.smaller">−</button>
      <button type="button" class="ck-button plain" @click="fit" :aria-label="words.whole" :title="words.whole">⤢</button>
    </div>
    <ol class="ck-strip" :aria-label="words.layers">
      <li v-for="layer in layers" :key="layer.number">
        <button type="button" class="ck-chip" :class="{open: open === layer.number}" :data-layer="layer.number"
          :aria-expanded="open === layer.number" @click="toggle(layer.number, $event)" @keydown="chipKey(layer, $event)"
          :title="about(layer)">
          <b>{{ layer.shape }}</b> {{ layer.steps.join(", ") || (layer.number ? words.linear : words.input) }}
        </button>
        <button type="button" class="ck-button plain ck-add" @click="edit('add', layer.number)"
          :aria-label="words.addBehind + ' ' + name(layer)" :title="words.addBehind + ' ' + name(layer)">+</button>
      </li>
    </ol>
    <div class="ck-pop" v-if="chosen" role="group" :aria-label="name(chosen)" ref="pop" @keydown.esc.stop="close">
      <p class="ck-pop-title"><b>{{ name(chosen) }}</b> <span>{{ about(chosen) }}</span></p>
      <div class="ck-row" v-if="chosen.width !== null">
        <label class="ck-field"><span class="ck-label">{{ words.width }}</span>
          <span class="ck-stepper">
            <button type="button" class="ck-button" @click="edit('width', chosen.number, chosen.width - 1)" :aria-label="words.narrower">−</button>
            <input class="ck-input" type="number" min="1" :value="chosen.width" :aria-label="words.width"
              @change="edit('width', chosen.number, Number($event.target.value) || 1)">
            <button type="button" class="ck-button" @click="edit('width', chosen.number, chosen.width + 1)" :aria-label="words.wider">+</button>
          </span>
        </label>
      </div>
      <div class="ck-row ck-kinds" v-if="chosen.number > 0" role="group" :aria-label="words.activation">
        <button v-for="kind in activations" type="button" class="ck-chip" :class="{open: kind === chosen.activation}"
          :aria-pressed="kind === chosen.activation" @click="edit('activation', chosen.number, kind)">{{ kind === 'none' ? words.none : kind }}</button>
      </div>
      <div class="ck-row">
        <button type="button" class="ck-button" @click="edit('add', chosen.number)">{{ words.add }}</button>
        <button type="button" class="ck-button" v-if="chosen.removable" @click="remove(chosen.number)">{{ words.remove }}</button>
        <button type="button" class="ck-button plain" @click="close">{{ words.close }}</button>
      </div>
    </div>
  </div>`,
  props: { svg: String, alt: String, layers: Array, weighted: Object, words: Object, activations: Array },
  data: () => ({ open: null, tip: "", tipAt: [0, 0], coloured: false }),
  computed: {
    chosen() {
      return this.open === null ? null : this.layers.find((layer) => layer.number === this.open) || null;
    },
    tipStyle() {
      return { left: `${this.tipAt[0]}px`, top: `${this.tipAt[1]}px` };
    },
  },
  watch: {
    svg() {
      this.show();
    },
  },
  mounted() {
    this.held = new Map();
    this.$el.showWeights = (version, weights) => this.showWeights(version, weights); // called while a network is fitted
    this.zoom = null; // the visible part, as fractions of the whole picture
    this.theme = new MutationObserver(() => this.colour());
    this.theme.observe(document.body, { attributes: true, attributeFilter: ["class"] });
    this.show();
    document.getElementById("ck-first")?.remove();
  },
  beforeUnmount() {
    this.theme.disconnect();
  },
  methods: {
    show() {
      this.$refs.canvas.innerHTML = this.svg || "";
      const svg = this.$refs.canvas.querySelector("svg");
      if (!svg) return;
      const view = svg.viewBox.baseVal;
      this.whole = [view.x, view.y, view.width, view.height];
      svg.style.maxWidth = `${Math.max(view.width * 2.2, 260)}px`;
      svg.removeAttribute("width");
      svg.removeAttribute("height");
      svg.setAttribute("aria-label", this.alt);
      for (const title of svg.querySelectorAll("title")) {
        title.parentNode.dataset.title = title.textContent; // shown at once, in our own tooltip
        title.remove();
      }
      const style = svg.querySelector("style");
      this.rules = style ? style.textContent : "";
      this.edges = [...svg.querySelectorAll(".edge")];
      this.lines = null;
      this.coloured = false;
      this.colour();
      this.view();
      this.$el.dataset.drawn = String(Number(this.$el.dataset.drawn || 0) + 1);
    },
    colour() {
      const style = this.$refs.canvas?.querySelector("svg style");
      if (!style) return;
      const [light, dark] = this.rules.split(DARK);
      const isDark = document.body.classList.contains("body--dark");
      style.textContent = isDark && dark ? light + dark.slice(0, dark.lastIndexOf("}")) : light;
    },
    // Colours the edges by weight: the sign by hue, the size by opacity, relative to the largest of its layer.
    showWeights(version, weights) {
      if (!weights) {
        if (this.lines) this.lines.forEach(({ line }) => plain(line));
        this.lines = null;
        this.coloured = false;
        return;
      }
      if (version !== this.weighted.version) return; // the picture is about to follow
      if (!this.lines) {
        const byId = new Map(this.edges.map((line) => [line.id, line]));
        this.lines = this.weighted.edges.map(([id, layer]) => ({ line: byId.get(id), layer, shown: null }));
      }
      const largest = [];
      this.lines.forEach(({ layer }, at) => (largest[layer] = Math.max(largest[layer] || 0, Math.abs(weights[at]))));
      this.lines.forEach((each, at) => {
        const share = largest[each.layer] ? Math.round((24 * weights[at]) / largest[each.layer]) : 0;
        each.line.weight = weights[at];
        if (share === each.shown) return; // most edges keep their colour from one picture to the next
        each.shown = share;
        each.line.classList.toggle("ck-negative", share < 0);
        each.line.classList.toggle("ck-positive", share >= 0);
        each.line.style.strokeOpacity = 0.06 + (0.94 * Math.abs(share)) / 24;
      });
      this.coloured = true;
    },
    view() {
      const svg = this.$refs.canvas.querySelector("svg");
      if (!svg) return;
      const [x, y, width, height] = this.whole;
      const zoom = this.zoom || [0, 0, 1];
      svg.setAttribute("viewBox", [x + zoom[0] * width, y + zoom[1] * height, zoom[2] * width, zoom[2] * height].join(" "));
    },
    scale(by, at = [0.5, 0.5]) {
      const [left, top, part] = this.zoom || [0, 0, 1];
      const next = Math.min(1, Math.max(0.02, part * by));
      this.zoom = next === 1 ? null : [left + at[0] * (part - next), top + at[1] * (part - next), next];
      this.view();
    },
    fit() {
      this.zoom = null;
      this.view();
    },
    where(event) {
      const box = this.$refs.canvas.querySelector("svg").getBoundingClientRect();
      return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    },
    wheel(event) {
      if (!event.ctrlKey && !event.metaKey) return; // else the page scrolls
      event.preventDefault();
      this.scale(Math.exp(event.deltaY / 200), this.where(event));
    },
    layerOf(target) {
      const id = target?.id?.split("--").length === 1 ? target.id.replace(/-label$/, "") : "";
      if (!id) return null;
      for (const pattern of LAYER) {
        const found = id.match(pattern);
        if (found) return this.layers.find((layer) => layer.number === Number(found[1])) || null;
      }
      const step = id.match(/^(block|state)(\d+)/);
      if (step) {
        const place = Number(step[2]) - (step[1] === "state" ? 1 : 0);
        return this.layers.find((layer) => layer.first <= place && place < layer.last) || this.layers[0];
      }
      return /^(X|block-input)/.test(id) ? this.layers[0] : null;
    },
    down(event) {
      this.held.set(event.pointerId, event);
      const layer = this.layerOf(event.target);
      this.drag = { x: event.clientX, y: event.clientY, layer, moved: false, width: layer?.width };
      if (this.held.size === 1) this.$refs.canvas.setPointerCapture(event.pointerId);
    },
    move(event) {
      if (!this.held.has(event.pointerId)) return this.hover(event);
      const before = this.held.get(event.pointerId);
      this.held.set(event.pointerId, event);
      if (this.held.size === 2) return this.pinch(before, event);
      const drag = this.drag;
      if (!drag) return;
      if (Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > 5) drag.moved = true;
      if (!drag.moved) return;
      if (drag.layer && drag.width) this.stretch(drag, event);
      else this.pan(before, event);
    },
    stretch(drag, event) {
      const steps = (drag.y - event.clientY) / 10;
      const width = drag.width <= 20 ? drag.width + Math.round(steps) : Math.round(drag.width * 2 ** (steps / 8));
      const next = Math.max(1, Math.min(100000, width));
      this.say(`${drag.width} → ${next}`, event);
      if (next === drag.sent) return;
      drag.sent = next;
      clearTimeout(drag.timer);
      drag.timer = setTimeout(() => this.edit("width", drag.layer.number, next), 60);
    },
    pan(before, event) {
      if (!this.zoom) return;
      const box = this.$refs.canvas.querySelector("svg").getBoundingClientRect();
      this.zoom[0] -= ((event.clientX - before.clientX) / box.width) * this.zoom[2];
      this.zoom[1] -= ((event.clientY - before.clientY) / box.height) * this.zoom[2];
      this.view();
    },
    pinch(before, event) {
      const other = [...this.held.values()].find((each) => each.pointerId !== event.pointerId);
      const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
      this.drag = null;
      this.scale(apart(before) / Math.max(1, apart(event)), this.where(event));
    },
    up(event) {
      this.held.delete(event.pointerId);
      const drag = this.drag;
      this.drag = null;
      this.tip = "";
      if (drag && !drag.moved && drag.layer) this.toggle(drag.layer.number, null);
    },
    cancel(event) {
      this.held.delete(event.pointerId);
      this.drag = null;
    },
    leave() {
      if (this.held.size) return;
      this.tip = "";
      this.light("");
    },
    hover(event) {
      const layer = this.layerOf(event.target);
      const edge = event.target.classList?.contains("edge");
      this.light(event.target.id || "");
      if (layer) this.say(`${name(layer, this.words)}: ${this.about(layer)}`, event);
      else if (edge) this.say(this.describe(event.target), event);
      else this.tip = "";
    },
    describe(edge) {
      const weight = edge.weight === undefined ? "" : ` · ${this.words.weight} ${edge.weight.toPrecision(3)}`;
      return (edge.dataset.title || "").replace(/layer(\d+)-node(\d+)/g, (all, layer, unit) => `${this.words.unit} ${layer}.${unit}`) + weight;
    },
    light(id) {
      const own = this.edges.filter((edge) => edge.id === id || edge.id.split("--").includes(id));
      for (const edge of this.edges) edge.classList.toggle("dim", own.length > 0 && !own.includes(edge));
    },
    say(text, event) {
      const box = this.$el.getBoundingClientRect();
      this.tip = text;
      this.tipAt = [Math.min(event.clientX - box.left + 12, box.width - 170), event.clientY - box.top + 14];
    },
    key(event) {
      const moves = { "+": () => this.scale(0.8), "=": () => this.scale(0.8), "-": () => this.scale(1.25), 0: () => this.fit() };
      const shift = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (moves[event.key]) moves[event.key]();
      else if (shift && this.zoom) {
        this.zoom[0] += (shift[0] * this.zoom[2]) / 10;
        this.zoom[1] += (shift[1] * this.zoom[2]) / 10;
        this.view();
      } else return;
      event.preventDefault();
    },
    chipKey(layer, event) {
      const by = { "+": 1, "=": 1, "-": -1 }[event.key];
      if (by && layer.width !== null) this.edit("width", layer.number, layer.width + by);
      else if (event.key === "Delete" && layer.removable) this.remove(layer.number);
      else return;
      event.preventDefault();
    },
    toggle(number, event) {
      this.open = this.open === number ? null : number;
      this.opener = event?.currentTarget || this.$el.querySelector(`.ck-chip[data-layer="${number}"]`);
      if (this.open !== null)
        this.$nextTick(() => this.$refs.pop?.querySelector("input, button")?.focus({ preventScroll: true }));
    },
    close() {
      this.open = null;
      this.opener?.focus();
    },
    remove(number) {
      this.open = null;
      this.edit("remove", number);
    },
    edit(kind, layer, value = null) {
      this.$emit("edit", { kind, layer, value });
    },
    name(layer) {
      return name(layer, this.words);
    },
    about(layer) {
      const count = layer.parameters === null ? "?" : layer.parameters.toLocaleString("en");
      return [layer.shape, ...layer.steps, `${count} ${this.words.parameters}`].join(" · ");
    },
  },
};

function plain(line) {
  line.classList.remove("ck-negative", "ck-positive");
  line.style.strokeOpacity = "";
  delete line.weight;
}

function name(layer, words) {
  return layer.number ? `${words.layer} ${layer.number}` : words.input;
}
