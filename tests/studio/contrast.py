"""What is measured in a page: the contrast of its texts, and controls that have no name."""

# Texts that are seen and whose contrast with what lies behind them is below 4.5, as WCAG 2.2 has it. Texts
# in the picture are the drawing's own, which has its own tests.
CONTRAST = """() => {
  const number = (text) => {
    const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const light = ({ r, g, b }) => {
    const part = (v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = number(getComputedStyle(each).backgroundColor);
      if (colour.a > 0.99) return colour;
    }
    return { r: 255, g: 255, b: 255 };
  };
  const poor = [];
  const walker = document.createTreeWalker(document.querySelector(".ck-page"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim()) continue;
    if (element.closest("svg, option, .ck-unseen, [hidden], :disabled")) continue;
    if (!element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue;
    const style = getComputedStyle(element);
    const [one, two] = [light(number(style.color)), light(behind(element))].sort((a, b) => b - a);
    const contrast = (one + 0.05) / (two + 0.05);
    if (contrast < 4.5) poor.push([walker.currentNode.textContent.slice(0, 30), contrast.toFixed(2)]);
  }
  return poor;
}"""

# Controls without a name.
NAMELESS = """() => [...document.querySelectorAll(
    "button, input, select, textarea, canvas, [tabindex='0'], [role=textbox]")]
  .filter((each) => each.checkVisibility() && !each.closest("[aria-hidden=true], .ck-unseen"))
  .filter((each) => !(each.getAttribute("aria-label") || each.getAttribute("aria-labelledby") || each.title ||
    each.textContent.trim() || [...(each.labels || [])].some((label) => label.textContent.trim())))
  .map((each) => each.outerHTML.slice(0, 120))"""
