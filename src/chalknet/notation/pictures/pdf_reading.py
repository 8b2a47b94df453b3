"""The network in a PDF: the page and the figure that hold one, found or asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from chalknet.errors import ChalknetError, MissingPackage, Undecided
from chalknet.network import Linear, Network
from chalknet.notation.drawings.sketch import Place
from chalknet.notation.limits import LIMITS, check_limit
from chalknet.notation.marks.mark import AnyMark, TextMark, UnreadMark
from chalknet.notation.pages.agreement import agree, fullest
from chalknet.notation.pictures.figures import Figure, figures_of
from chalknet.notation.pictures.pdf import PdfFile, PdfPage, opened_pdf
from chalknet.notation.pictures.reading import moved, network_of_marks, raster_marks
from chalknet.notation.pictures.source import PictureSource

_SMALLEST = (90.0, 50.0)  # points of an image that may show a network
_SCANNED = 0.6  # of a page, from which on an image is the page itself
_LONGEST = 2000  # pixels of an image that is looked at
_DOTS = 200 / 72  # pixels a point
_MOST_IMAGES = 12  # that are looked at in a file of several pages
_MOST_LISTED = 6


@dataclass
class _Candidate:
    """A part of a page that may be a network.

    Args:
        page: its number.
        names: by which it may be asked for, the plainest first.
        read: from the name of a network within it to the network.
        network: what it is, once it was read.
        problem: why it is none, likewise.
    """

    page: int
    names: list[str]
    read: Callable[[str | None], Network]
    network: Network | None = None
    problem: ChalknetError | None = None

    def __str__(self) -> str:
        return f"page {self.page}, {self.names[0]}"


def read_pdf(data: bytes, name: str | None, page: int | None) -> Network:
    """Return the network of a PDF.

    Args:
        data: the file.
        name: which figure, or which network within one.
        page: which page; None has the network looked for.

    Raises:
        NotationError: where none is drawn or several are, listing them; for a damaged or dangerous file.
    """
    source = PictureSource("PDF", unit="pt")
    with opened_pdf(source, data) as file:
        numbers = range(1, file.pages + 1) if page is None else [page]
        if page is None and file.pages > LIMITS["pages of a PDF"]:
            got, most = f"a PDF of {file.pages:,} pages", LIMITS["pages of a PDF"]
            raise source.refuse(None, got=got, wanted=f"at most {most}, or the number of one",
                                remedy="Say which page: --page 12, in Python page=12.")  # fmt: skip
        return _Reader(source, data, file).read(numbers, name, asked=page is not None)


class _Reader:
    """Looks for the network on some pages of a file that is open."""

    def __init__(self, source: PictureSource, data: bytes, file: PdfFile) -> None:
        self._source, self._data, self._file = source, data, file
        self._spent = 0
        self._texts = 0
        self._images: list[tuple[PdfPage, Place]] = []

    def _spend(self, steps: int) -> None:
        self._spent += steps
        check_limit(self._source, None, "steps of reading a drawing", self._spent)

    def read(self, numbers: range | list[int], name: str | None, *, asked: bool) -> Network:
        """Return the network on one of the pages."""
        drawn = [each for number in numbers for each in self._drawn(number)]
        found = self._tried(drawn, name)
        if not found and self._images:
            many = len(self._images) > _MOST_IMAGES and not asked
            images = [self._image(*each) for each in self._images[: _MOST_IMAGES if many else None]]
            tried = self._tried(images, name)
            drawn += images
            found = tried
            notes = self._left_out(self._images[_MOST_IMAGES:]) if many else []
        else:
            notes = self._left_out(self._images)
        if not found:
            raise self._none(drawn, len(numbers))
        chosen = self._chosen(found, drawn)
        where = [f"read from {chosen}"] if len(numbers) > 1 or len(drawn) > 1 else []
        network = chosen.network
        assert network is not None
        same = [str(other) for other in found if other is not chosen]
        if same:
            where = [
                f"{where[0]}; {' and '.join(same)} {'shows' if len(same) == 1 else 'show'} the same network"
            ]
        return replace(network, notes=(*network.notes, *where, *notes))

    # What may be one

    def _drawn(self, number: int) -> Iterator[_Candidate]:
        """Yield the figures of a page that are drawn by lines; its images are kept for later."""
        page = self._file.page(number)
        self._texts += sum(isinstance(mark, TextMark) for mark in page.marks)
        wide, high = _SMALLEST
        self._images += [
            (page, place) for place in _distinct(page.images) if place.width >= wide and place.height >= high
        ]
        figures = figures_of(page.marks, self._spend)
        if len(figures) == 1 and not _has_running_text(page):
            figures = [figures[0]._replace(marks=page.marks)]  # a page that is a figure: nothing stays away
        for at, figure in enumerate(figures, start=1):
            yield self._candidate(page, figure, at)

    def _candidate(self, page: PdfPage, figure: Figure, at: int) -> _Candidate:
        source = replace(self._source, what=f"PDF, page {page.number}")
        seen = (self._data, page.number, (page.width, page.height))
        marks = [
            mark for mark in figure.marks if not isinstance(mark, UnreadMark) or mark.what != "a picture"
        ]
        names = [f"figure {at}", *([figure.caption] if figure.caption else [])]
        return _Candidate(page.number, names, lambda name: network_of_marks(marks, source, name, seen))

    def _image(self, page: PdfPage, place: Place) -> _Candidate:
        at = 1 + [other for other_page, other in self._images if other_page.number == page.number].index(
            place
        )
        source = replace(self._source, what=f"PDF, page {page.number}, image {at}")
        if place.width * place.height >= _SCANNED * page.width * page.height:
            place = Place(page.width / 2, page.height / 2, page.width, page.height)

        def read(name: str | None) -> Network:
            left, top = max(0.0, place.x - place.width / 2), max(0.0, place.y - place.height / 2)
            longest = round(min(_LONGEST, _DOTS * max(place.width, place.height) + 1))
            pixels = self._file.picture(page.number, longest, place)
            scale = place.width / max(1, pixels.shape[1])
            marks: list[AnyMark] = [moved(mark, scale, left, top) for mark in raster_marks(pixels)]
            return network_of_marks(marks, source, name, (self._data, page.number, (page.width, page.height)))

        return _Candidate(page.number, [f"image {at}"], read)

    def _left_out(self, images: list[tuple[PdfPage, Place]]) -> list[str]:
        pages = list(dict.fromkeys(page.number for page, _ in images))
        if not pages:
            return []
        shown = ", ".join(map(str, pages[:8])) + ", ..." * (len(pages) > 8)
        return [
            f"images on page {shown} were not looked at"
            if len(pages) == 1
            else f"images on pages {shown} were not looked at"
        ]

    # Which of them is one

    def _tried(self, candidates: list[_Candidate], name: str | None) -> list[_Candidate]:
        """Return those that are networks, those of a name where they have it."""
        named = [each for each in candidates if name is not None and _is_called(each, name)]
        inside = None if named else name
        for each in named or candidates:
            try:
                each.network = each.read(inside)
            except MissingPackage:
                raise
            except ChalknetError as problem:
                each.problem = problem
        return [each for each in named or candidates if each.network is not None]

    def _chosen(self, found: list[_Candidate], every: list[_Candidate]) -> _Candidate:
        """Return the one to take: the fullest of several that agree.

        Raises:
            NotationError: where they do not, listing them.
        """
        networks = [each.network for each in found if each.network is not None]
        doubtful = [each for each in every if isinstance(each.problem, Undecided)]
        chosen = fullest(networks)
        if all(agree(chosen, each) for each in networks) and not (doubtful and len(found) > 1):
            return next(each for each in found if each.network is chosen)
        listed = [f"{each} ({each.names[1][:60]})" if len(each.names) > 1 else str(each) for each in found]
        listed = [f"{text}: {_widths(network)}" for text, network in zip(listed, networks, strict=True)]
        more = f"; and {len(listed) - _MOST_LISTED} more" if len(listed) > _MOST_LISTED else ""
        got = f"{len(found)} different networks: {'; '.join(listed[:_MOST_LISTED])}{more}"
        raise self._source.refuse(None, got=got, wanted="one, or which one", remedy=_offer(found))

    def _none(self, candidates: list[_Candidate], pages: int) -> ChalknetError:
        """Return the error for pages of which none holds a network."""
        tried = [each for each in candidates if each.problem is not None]
        asking = [each for each in tried if isinstance(each.problem, Undecided)]
        if len(tried) == 1 or len(asking) == 1:
            (only, *_) = asking or tried
            assert only.problem is not None
            return only.problem
        if tried:
            shown = "; ".join(f"{each}: {each.problem.got}" for each in tried[:_MOST_LISTED] if each.problem)
            more = f"; and {len(tried) - _MOST_LISTED} more" if len(tried) > _MOST_LISTED else ""
            got, remedy = f"no figure that is a network: {shown}{more}", _offer(tried)
        else:
            of = "a page" if pages == 1 else f"{pages} pages"
            there = f"{self._texts:,} texts and {len(self._images)} images"
            got = f"{of} with {there}, on which no network is drawn"
            remedy = "Give the page or the picture that shows the network."
        return self._source.refuse(
            None, got=got, wanted="units or boxes, and the lines between them", remedy=remedy
        )


def _distinct(places: list[Place]) -> list[Place]:
    """Return where images stand; several in one place, as layers of a scan do, are one."""
    return list({(round(p.x), round(p.y), round(p.width), round(p.height)): p for p in places}.values())


def _has_running_text(page: PdfPage) -> bool:
    return sum(len(mark.words.split()) >= 6 for mark in page.marks if isinstance(mark, TextMark)) >= 4


def _is_called(candidate: _Candidate, name: str) -> bool:
    wanted = " ".join(name.split()).casefold()
    own = candidate.names[0].casefold()
    places = (own, own.rpartition(" ")[2], f"page {candidate.page}", str(candidate).casefold())
    return wanted in places or any(wanted in caption.casefold() for caption in candidate.names[1:])


def _offer(candidates: list[_Candidate]) -> str:
    pages = [each.page for each in candidates]
    offers = []
    for each in candidates[:_MOST_LISTED]:
        alone = pages.count(each.page) == 1
        several = len(set(pages)) > 1
        words = [f"--page {each.page}"] if several else []
        words += [] if alone and several else [f'--name "{each.names[0]}"']
        offers.append(" ".join(words))
    return f"Say which: {' or '.join(offers)}; in Python page=..., name=...."


def _widths(network: Network) -> str:
    sizes = ["x".join(map(str, network.input_shape))]
    sizes += [str(visit.output_shape[-1]) for visit in network.walk() if isinstance(visit.step, Linear)]
    return " -> ".join(sizes if len(sizes) <= 8 else [*sizes[:4], "...", *sizes[-2:]])
