"""`python -m ecgcli` is `ecgcli`."""

from ecgcli.cli.main import main

if __name__ == "__main__":
    main(prog_name="ecgcli")
