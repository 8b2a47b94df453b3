"""Mistakes that a type checker has to find: each line is one; an ignore without need is an error."""

import torch

import chalknet as cn

x = torch.zeros(4, 1)
cn.fit("1 -> 1", (x, x), loss=3, updates=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cn.fit("1 -> 1", (x, x), loss="mse", learning_rate=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
cn.fit("1 -> 1", (x, x), loss="mse", engine="egaer")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cn.fit("1 -> 1", (x, x), loss="mse", updates="ten")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cn.read(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cn.count(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cn.count("1 -> 1", "books")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cn.draw("1 -> 1", "D99")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cn.draw("1 -> 1", "D9", colour="red")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
cn.write("1 -> 1", "word")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
number: int = cn.write("1 -> 1", "torch")  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
