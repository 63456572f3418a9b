"""The gate's report in every form that it is written in: a table, markdown, JUnit XML, a model card, annotations."""
