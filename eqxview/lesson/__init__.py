"""Lessons: a small real model, looked at step by step with the same analyses as any other.

| file | what it holds |
|---|---|
| `lesson.py` | what a lesson and a step are, and the table of lessons |
| `filtering.py` | what a filter does, from the tree to a recompile |
"""

from eqxview.lesson.lesson import Lesson as Lesson
from eqxview.lesson.lesson import Step as Step
from eqxview.lesson.lesson import find_lesson as find_lesson
