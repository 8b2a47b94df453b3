// The client-side work of the page: copy, drop and paste files, keep the state in the address.
window.chalknetStudio = {
  async copy(text, button) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = Object.assign(document.createElement("textarea"), { value: text });
      document.body.append(area);
      area.select();
      document.execCommand("copy"); // if the page is not served from this machine
      area.remove();
    }
    if (!button) return;
    button.classList.add("done");
    setTimeout(() => button.classList.remove("done"), 1200);
  },
  take(uploader) {
    const give = (files) => files.length && runMethod(uploader, "addFiles", [files]);
    const over = (event, is) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      document.body.classList.toggle("ck-dropping", is);
    };
    this.taken?.abort();
    this.taken = new AbortController();
    const options = { signal: this.taken.signal, capture: true };
    document.addEventListener("dragover", (event) => over(event, true), options);
    document.addEventListener("dragleave", (event) => event.relatedTarget || over(event, false), options);
    document.addEventListener(
      "drop",
      (event) => {
        over(event, false);
        if (event.target.closest?.("[data-drop]")) return; // an area that handles files itself
        if (event.dataTransfer?.files.length) {
          event.preventDefault();
          event.stopPropagation();
          give([...event.dataTransfer.files]);
        }
      },
      options,
    );
    document.addEventListener(
      "paste",
      (event) => {
        const files = [...(event.clipboardData?.files || [])];
        if (files.length) {
          event.preventDefault();
          give(files);
        }
      },
      options,
    );
  },
  applyLook(id, look) {
    const shown = getElement(id);
    if (!shown) return;
    if (!shown.editor) return void setTimeout(() => this.applyLook(id, look), 50);
    const shownLook = (shown.shownLook ||= {});
    const is = (name) => JSON.stringify(shownLook[name]) === JSON.stringify(look[name]);
    if (!is("theme")) shown.setTheme(look.theme);
    if (!is("language")) shown.setLanguage(look.language);
    if (!is("marks") || look.marks.length) shown.setDecorations(look.marks);
    shown.shownLook = look;
  },
  label() {
    for (const editor of document.querySelectorAll(".ck-editor"))
      editor.querySelector(".cm-content")?.setAttribute("aria-label", editor.dataset.label);
  },
  begin() {
    if (!this.labels) {
      this.labels = new MutationObserver(() => this.label());
      this.labels.observe(document.body, { childList: true, subtree: true });
    }
    this.label();
    const shown = document.querySelector(".ck-editor");
    return {
      text: shown ? getElement(Number(shown.id.slice(1)))?.editor?.state.doc.toString() : null,
      fragment: location.hash.slice(1),
      dark: matchMedia("(prefers-color-scheme: dark)").matches,
    };
  },
  keep(fragment) {
    history.replaceState(null, "", `#${fragment}`);
  },
};
