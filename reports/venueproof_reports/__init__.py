"""The certificate as data, and the reports made from it: JSON, HTML, Markdown, JUnit."""
