"""One page about one fit: the network, what was asked, what happened, how good it is."""

from chalknet.reporting.page import image_of as image_of
from chalknet.reporting.page import style as style
from chalknet.reporting.report import report as report
