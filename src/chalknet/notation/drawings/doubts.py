"""Words by which a label may not mean what it says: other functions, negations, layers that may not be there."""

from __future__ import annotations

import re

from chalknet.notation.drawings.words import any_of, pattern

# Functions that no step here is, by their names or by what is done to a known one: `Gumbel-softmax`.
OTHER_FUNCTION = pattern(
    any_of(
        "gauss(?:ian|sche|iana?|ienne)?(?! (?:noise|blur|process|prior|distribution))", "radial basis(?: function)?", "rbf", "sine", "sinus", "cosine", "siren",
        "arc ?tan", "atan", "hard ?max", "sparse ?max", "ent ?max", "soft ?min", "soft ?shrink", "hard ?shrink", "tanh ?shrink", "snake (?:function|activation)", "erf", "glu",
        "geglu", "swiglu", "reglu", "c-?re ?lu", "r-?re ?lu",
    )
    + "|(?<![^\\W\\d_])(?:gumbel|clipped|capped|squared|shifted|bounded|truncated|concatenated|bipolar|noisy|randomi[sz]ed|modified|sampled|masked|hierarchical|adaptive|spherical|complex|learnable|taylor)[ -](?:re ?lu|elu|tanh|sigmoid|soft ?max|swish|gelu)",
    re.I,
)  # fmt: skip
# Words beside a function by which it may not be meant: `not relu but tanh`, `relu?`, `sigmoid / softmax`.
_FUNCTION = r"(?:relu|elu|gelu|selu|tanh|sigmoid|softmax|swish|silu|mish|softplus|linear)"
IN_DOUBT = pattern(
    rf"(?<![^\W\d_])(?:no|not|without|instead of|rather than|was|formerly|replaced?|kein|nicht|ohne|statt|sin|no es|en vez de|sans|pas de|au lieu de|senza|non|invece di|não|sem|bez|zamiast|не|без|вместо)\s+(?:\w{{1,9}}\s+)?(?=\w{{0,6}}[-_ ]?{_FUNCTION})"
    rf"|{_FUNCTION}\s*(?:\?|(?:함수)?(?:가|이)? ?아님|아닌|대신|ではなく|而不是)"
    rf"|{_FUNCTION}\s*/\s*(?={_FUNCTION})"
    rf"|\s(?:or|oder|o|ou|u|vs\.?|или|lub|veya|또는|혹은|或|または)\s+(?=\w{{0,6}}[-_ ]?{_FUNCTION})",
    re.I,
)  # fmt: skip
# Words at a layer by which it may not be there, or elsewhere: `(optional)`, `after layer 1`.
UNCERTAIN = pattern(
    any_of(
        "optional", "opcional", "optionnell?e?", "opzionale", "opcjonaln\\w*", "unused", "not used", "no longer used", "nicht benutzt", "removed?", "deleted", "deprecated",
        "disabled", "tied", "shared weights?", "weight sharing", "frozen", "sparse", "commented out", "to ?do", "tbd", "planned", "obsolete", r"(?:after|before|behind|between|nach|vor|après|avant|después de|antes de|dopo|prima di) (?:each|every|all|the|jede[rn]?|chaque|cada|ogni )?\s?(?:(?:hidden |dense |linear )?(?:layers?|activations?)|hidden|schicht(?:en)?|couches?|capas?|strat[oi]|fc|relu|tanh)",
    )
    + "|не используется|선택 ?사항|可选|任意",
    re.I,
)  # fmt: skip
# Words of what is done to the data before a network takes it.
PREPARES = pattern(
    any_of(
        "one[- ]?hot", "pca", "standardi[sz](?:e|ed|ation|er)", "normali[sz](?:e|ed|er)", "min-?max", "scal(?:er|ing)", "tf-?idf", "tokeni[sz](?:e|er|ed|ation)", "vectori[sz](?:e|er|ed)",
        "resize", "imput(?:e|er|ation)", "feature (?:selection|extraction|engineering)", "bag of words", "word2vec", "standardisierung", "normalisieren", "escalado", "normalisation",
    )
    + "|정규화|标准化|標準化|正規化",
    re.I,
)  # fmt: skip
