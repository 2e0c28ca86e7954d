"""The terminal app: a face of the tree, and nothing that cannot be had without it.

| file | what it holds |
|---|---|
| `run.py` | starts the app, and ends it with an exit code |
| `opening.py`, `subject.py` | what is shown, read in a thread while Textual is imported |
| `app.py`, `main_screen.py` | the app, and what stands around each screen |
| `tabs.py` | the tabs: one for each analysis |
| `screens.py`, `file_screen.py` | which widget shows a tab, and what every such widget can do |
| `tree_screen.py` | the screen of the tree itself |
| `document_screen.py` | the screen of any analysis, drawn from its document |
| `cache_screen.py` | the screen of a compile log |
| `tree_pane.py`, `tree_view.py` | a tree as a widget, with its details and without |
| `tree_state.py`, `folding.py`, `arrangement.py`, `search.py` | what it shows, in which order |
| `tree_line.py`, `lines.py`, `python_expression.py` | how a row is written |
| `parts_view.py`, `sheet.py`, `table_layout.py` | all of a document that is no tree |
| `detail_pane.py`, `value_reader.py`, `document_lines.py` | the details of one node |
| `text_line.py`, `line_edit.py`, `ask_line.py` | lines to type in: the filter, a file's name |
| `latest_wish.py` | work in a thread, the latest wish first |
| `export.py` | writing what is shown to a file |
| `keys.py`, `help.py`, `about_file.py`, `overlay.py` | the keys, and texts over the screen |
| `one_line.py` | a line around the tree |
| `heading.py`, `tab_bar.py`, `column_header.py`, `status_line.py` | all such lines |
| `loading.py` | what is on screen while a file is read |
| `paint.py`, `paint_names.py` | colours, by the theme's variables only; what each says |
| `messages.py` | what widgets tell each other |
"""
