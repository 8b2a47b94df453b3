"""PDFs written by hand: pages of content, forms that draw forms, and one network as content."""

import zlib
from itertools import pairwise

_HEAD = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def pdf(*contents, forms=(), size=(400, 300), page="", packed=False, uses=None):
    """Return a PDF.

    Args:
        contents: the content of each page.
        forms: contents of forms, called F0, F1, ...; each may draw those behind it.
        size: width and height of the pages.
        page: what else stands in the dictionary of each page.
        packed: whether contents are compressed.
        uses: how often each page draws its content.
    """
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", FONT]

    def stream(content, more=b""):
        data = content.encode("latin-1") if isinstance(content, str) else content
        flate = b" /Filter /FlateDecode" if packed else b""
        data = zlib.compress(data, 9) if packed else data
        objects.append(b"<< /Length %d%s%s >>\nstream\n%s\nendstream" % (len(data), flate, more, data))
        return len(objects)

    first = len(objects) + 1
    names = b" ".join(b"/F%d %d 0 R" % (n, first + n) for n in range(len(forms)))
    resources = b"/Resources << /Font << /H 3 0 R >> /XObject << %s >> >>" % names
    for content in forms:
        stream(content, b" /Type /XObject /Subtype /Form /BBox [-9999 -9999 9999 9999] " + resources)
    pages = []
    for content in contents:
        number = stream(content)
        drawn = b"[%s]" % b" ".join([b"%d 0 R" % number] * (uses or 1))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %s %s %s >>"
            % (*size, drawn, resources, page.encode())
        )
        pages.append(len(objects))
    kids = b" ".join(b"%d 0 R" % number for number in pages)
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(pages))
    out, places = bytearray(_HEAD), []
    for number, each in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)


def circle(x, y, r=12.0, painted="S"):
    """Return a circle of four curves."""
    k = 0.5523 * r
    curves = [
        (x + r, y + k, x + k, y + r, x, y + r), (x - k, y + r, x - r, y + k, x - r, y),
        (x - r, y - k, x - k, y - r, x, y - r), (x + k, y - r, x + r, y - k, x + r, y),
    ]  # fmt: skip
    lines = [" ".join(f"{value:.2f}" for value in curve) + " c" for curve in curves]
    return f"{x + r:.2f} {y:.2f} m " + " ".join(lines) + f" h {painted}\n"


def text(words, x, y, size=9):
    """Return a line of text that begins at a point."""
    return f"BT /H {size} Tf {x} {y} Td ({words}) Tj ET\n"


def network(*widths, x=60.0, y=150.0, step=90.0, r=12.0, labels=True, last="sigmoid"):
    """Return columns of circles, each joined with all of the next; a word says the last activation."""
    columns = [[(x + step * n, y + (place - (width - 1) / 2) * 36) for place in range(width)]
               for n, width in enumerate(widths)]  # fmt: skip
    out = []
    for one, other in pairwise(columns):
        out += [f"{a + r:.1f} {b:.1f} m {c - r:.1f} {d:.1f} l S\n" for a, b in one for c, d in other]
    for n, column in enumerate(columns):
        for place, (a, b) in enumerate(column):
            out.append("1 1 1 rg " + circle(a, b, r, "B") + "0 g\n")
            if labels:
                out.append(text(f"{'xhzuv'[n] if n < len(columns) - 1 else 'y'}{place + 1}", a - 5, b - 3))
    if last:
        a, b = columns[-1][0]
        out.append(text(last, a - 14, b - 26))
    return "".join(out)
