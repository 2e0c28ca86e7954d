"""The terminal app: a face of the tree, and nothing that cannot be had without it.

| file | what it holds |
|---|---|
| `run.py` | starts the app, and ends it with an exit code |
| `opening.py` | the file, read in a thread while Textual is imported |
| `app.py`, `main_screen.py` | the app, and what stands around each screen |
| `screens.py` | the table of screens |
| `tree_screen.py` | the screen that shows a tree: tree and details |
| `tree_view.py` | the tree as a widget |
| `folding.py`, `sorting.py`, `search.py` | what it shows, in which order, and what it finds |
| `tree_line.py`, `lines.py`, `python_expression.py` | how a row is written |
| `detail_pane.py`, `value_reader.py`, `document_lines.py` | the details of one node |
| `keys.py`, `help.py`, `about_file.py`, `overlay.py` | the keys, and texts over the screen |
| `one_line.py` | a line around the tree |
| `heading.py`, `tab_bar.py`, `column_header.py`, `status_line.py` | all such lines |
| `loading.py` | what is on screen while a file is read |
| `paint.py` | colours, by the theme's variables only |
| `messages.py` | what widgets tell each other |
"""
