"""`python -m portal.cli`: the sunbid command where the script is not on the path."""

from portal.cli import main

main()
