"""The four formulas of A1, typed, in LaTeX, and as networks."""

from chalknet.network import Activation, Linear, Network

RELU, SIGMOID = Activation("relu"), Activation("sigmoid")
NETWORKS = {
    "F1": Network(1, (Linear(1), SIGMOID)),
    "F2": Network(1, (Linear(2), RELU, Linear(1), SIGMOID)),
    "F3": Network(1, (Linear(2), RELU, Linear(1), SIGMOID)),
    "F4": Network(784, (Linear(32), RELU, Linear(1), SIGMOID)),
}
ARROWS = {
    "F1": "X(n,1) -l1-> u1(n,1) -sig-> v1(n,1) = yhat",
    "F2": "X(n,1) -l1-> u1(n,2) -relu-> v1(n,2) -l2-> u2(n,1) -sig-> v2(n,1) = yhat",
    "F3": "X(n,1) -l1-> ( u1(n,2) -relu-> v1(n,2) ) -l2-> ( u2(n,1) -sig-> v2(n,1) ),   v2 = net(X) = yhat",
    "F4": "X(n,784) -l1-> u1(n,32) -relu-> v1(n,32) -l1-> u2(n,1) -sig-> v2(n,1) = yhat",
}
LATEX = {
    "F1": r"\underset{(n,1)}{\bf X} \overset{l_1}{\to} \underset{(n,1)}{\boldsymbol u^{(1)}} "
    r"\overset{sig}{\to} \underset{(n,1)}{\boldsymbol v^{(1)}} =\underset{(n,1)}{\hat{\bf y}}",
    "F2": r"\underset{(n,1)}{\bf X} \overset{l_1}{\to} \underset{(n,2)}{\boldsymbol u^{(1)}} "
    r"\overset{relu}{\to} \underset{(n,2)}{\boldsymbol v^{(1)}} \overset{l_2}{\to} "
    r"\underset{(n,1)}{\boldsymbol u^{(2)}} \overset{sig}{\to} \underset{(n,1)}{\boldsymbol v^{(2)}} "
    r"=\underset{(n,1)}{\hat{\bf y}}",
    "F3": r"\underset{(n,1)}{\bf X} \overset{l_1}{\to} \left( \underset{(n,2)}{\boldsymbol u^{(1)}} "
    r"\overset{relu}{\to} \underset{(n,2)}{\boldsymbol v^{(1)}} \right) \overset{l_2}{\to} "
    r"\left(\underset{(n,1)}{\boldsymbol u^{(2)}} \overset{sig}{\to} "
    r"\underset{(n,1)}{\boldsymbol v^{(2)}}\right), \quad \underset{(n,1)}{\boldsymbol v^{(2)}}"
    r"=\underset{(n,1)}{net({\bf X})}=\underset{(n,1)}{\hat{\bf y}}",
    "F4": r"\underset{(n,784)}{\bf X} \overset{l_1}{\to} \underset{(n,32)}{\boldsymbol u^{(1)}} "
    r"\overset{relu}{\to} \underset{(n,32)}{\boldsymbol v^{(1)}} \overset{l_1}{\to} "
    r"\underset{(n,1)}{\boldsymbol u^{(2)}} \overset{sig}{\to} \underset{(n,1)}{\boldsymbol v^{(2)}}"
    r"=\underset{(n,1)}{\hat{\boldsymbol y}}",
}
