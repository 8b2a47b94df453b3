"""One page about one fit: the network, what was asked, what happened, how good it is."""

from chalknet.reporting.page import drawing_of as drawing_of
from chalknet.reporting.page import figure_of as figure_of
from chalknet.reporting.page import grey_image_of as grey_image_of
from chalknet.reporting.page import style as style
from chalknet.reporting.report import report as report
