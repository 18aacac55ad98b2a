"""A Textual application with nothing in it: what no application can undercut."""

from textual.app import App

App[None]().run()
