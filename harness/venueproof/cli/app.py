"""The commands and their options. What they do stands in the modules beside this one, loaded when it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from typer import Argument, Option

app = typer.Typer(
    name="venueproof",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from venueproof.cli.output import line
        from venueproof.runner.provenance import product_version

        line(f"venueproof {product_version()}")
        raise typer.Exit


@app.callback()
def options_of_all(
    version: Annotated[
        bool, Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Proves trading adapters against wire-faithful exchange simulators before money does."""


AsJson = Annotated[bool, Option("--json", help="Print JSON, for programs.")]


@app.command()
def serve(
    venues: Annotated[list[str], Argument(metavar="VENUE", help="Venues to start; `venueproof venues` lists them.")],
    port: Annotated[int, Option(min=0, max=65535, help="Port of the first origin, the next ones follow; 0: any.")] = 0,
    seed: Annotated[int, Option(min=0, help="Seed of prices, keys and delays.")] = 1,
    profile: Annotated[Literal["vendor", "field"], Option(help="Whose claims about the venue hold.")] = "vendor",
    pace: Annotated[Literal["still", "calm", "wild"], Option(help="How the market moves by itself.")] = "calm",
    quirk: Annotated[
        list[str] | None, Option(metavar="±ID", help="Turn a row of the register on (+) or off (-).")
    ] = None,
    tls: Annotated[bool, Option("--tls", help="Serve https and wss with a certificate of our own.")] = False,
    proxy: Annotated[bool, Option("--proxy", help="Add a proxy, so that clients keep their production URLs.")] = False,
    as_json: AsJson = False,
) -> int:
    """Start venues on local ports, until interrupted.

    The control plane answers this machine only; with VENUEPROOF_CONTROL_TOKEN set, whoever sends that token.

    \b
    Example:
      venueproof serve binance --port 9000 --json
    """
    from venueproof.cli.serving import serve_venues
    from venueproof.simulation import Setting

    settings = [
        Setting(venue=venue, seed=seed, profile=profile, pace=pace, quirks=tuple(quirk or ()), tls=tls)
        for venue in venues
    ]
    return serve_venues(settings, port=port, proxy=proxy, as_json=as_json)


@app.command()
def certify(
    adapters: Annotated[list[str], Argument(metavar="ADAPTER", help="A name, or module:factory.")],
    observe: Annotated[list[str] | None, Option(metavar="ADAPTER", help="Judge and report, decide nothing.")] = None,
    venue: Annotated[list[str] | None, Option(metavar="VENUE", help="Only on this venue; repeat for more.")] = None,
    product: Annotated[list[str] | None, Option(metavar="PRODUCT", help="Only this product, like linear.")] = None,
    profile: Annotated[str, Option(metavar="vendor|field|both", help="Default: both; vendor at level smoke.")] = "",
    level: Annotated[Literal["smoke", "standard", "release"], Option(help="How much is run.")] = "standard",
    claim: Annotated[Literal["core", "trading", "full"], Option(help="What must be supported.")] = "core",
    clause: Annotated[
        str, Option(metavar="EXPR", help="Ids, ID[case], prefixes, sections, globs; commas between.")
    ] = "",
    seed: Annotated[list[str] | None, Option(metavar="N", help="A seed or a range, 1-20; repeat for more.")] = None,
    clock: Annotated[Literal["virtual", "real"], Option(help="real: for adapters with threads.")] = "virtual",
    jobs: Annotated[int, Option(min=1, max=256, help="Worker processes.")] = 1,
    shard: Annotated[str, Option(metavar="I/N", help="Run only this part; `report` puts parts together.")] = "",
    report: Annotated[Path, Option(metavar="DIR", help="Where the certificate goes.")] = Path("reports/out"),
    baseline: Annotated[Path | None, Option(metavar="FILE", help="Exit 1 only for what is worse than there.")] = None,
    waivers: Annotated[Path | None, Option(metavar="FILE", help="TOML with failures that are expected.")] = None,
    prove: Annotated[bool, Option("--prove/--no-prove", help="Also run the broken adapters.")] = True,
    target: Annotated[str, Option(hidden=True)] = "simulator",
) -> int:
    """Judge adapters clause by clause and write a certificate. Exit 0: certified, 1: not, 2: usage, 3: harness broke.

    \b
    Example:
      venueproof certify mypackage.adapters:make_binance --venue binance
    """
    from venueproof.cli.certifying import Files, certify_adapters
    from venueproof.runner.plan import Wish
    from venueproof_contracts.capabilities import Conformance

    wish = Wish(
        adapters=tuple(adapters),
        observed=tuple(observe or ()),
        venues=tuple(venue or ()),
        products=tuple(product or ()),
        profile=profile,
        level=level,
        claim=Conformance(claim),
        clauses=clause,
        seeds=tuple(seed or ()),
        clock=clock,
        shard=shard,
        jobs=jobs,
        prove=prove,
    )
    return certify_adapters(wish, Files(report=report, baseline=baseline, waivers=waivers), target)


@app.command()
def venues(as_json: AsJson = False) -> int:
    """List the venues that can be started.

    \b
    Example:
      venueproof venues
    """
    from venueproof.cli.listing import list_venues

    return list_venues(as_json)


@app.command()
def quirks(
    wanted: Annotated[str, Argument(metavar="[VENUE | ROW]", help="Only of this venue, or all of this row.")] = "",
    as_json: AsJson = False,
) -> int:
    """List what venues do that a plain reading of their pages would not tell; or tell all of one row.

    \b
    Example:
      venueproof quirks binance
      venueproof quirks binance.candles.rest-order
    """
    from venueproof.cli.listing import list_quirks

    return list_quirks(wanted, as_json)


@app.command()
def clauses(as_json: AsJson = False) -> int:
    """List what an adapter owes.

    \b
    Example:
      venueproof clauses --json
    """
    from venueproof.cli.listing import list_clauses

    return list_clauses(as_json)


@app.command()
def adapters(as_json: AsJson = False) -> int:
    """List the adapters that are installed under a name.

    \b
    Example:
      venueproof adapters
    """
    from venueproof.cli.listing import list_adapters

    return list_adapters(as_json)


@app.command()
def docs(
    venues: Annotated[list[str] | None, Argument(metavar="[VENUE]...", help="Only these; all without any.")] = None,
    directory: Annotated[Path, Option("--into", metavar="DIR", help="Where they go.")] = Path("docs/venues"),
) -> int:
    """Write a page for each venue: what it does that its pages do not tell, what an adapter owes, and who says so.

    \b
    Example:
      venueproof docs binance --into docs/venues
    """
    from venueproof.cli.documenting import write_pages

    return write_pages(venues or (), directory)


@app.command()
def report(
    certificates: Annotated[list[Path], Argument(metavar="CERT", help="One certificate, or all parts of a run.")],
    directory: Annotated[Path, Option("--report", metavar="DIR", help="Where it goes.")] = Path("reports/out"),
) -> int:
    """Put the parts of a run together and write all reports. Exits like `certify`.

    \b
    Example:
      venueproof report part1/certificate.json part2/certificate.json --report whole
    """
    from venueproof.cli.reporting import merge_reports

    return merge_reports(certificates, directory)


@app.command()
def compare(
    old: Annotated[Path, Argument(metavar="OLD")],
    new: Annotated[Path, Argument(metavar="NEW")],
) -> int:
    """Tell what changed from one certificate to another. Exit 1 when something got worse.

    \b
    Example:
      venueproof compare last-release/certificate.json reports/out/certificate.json
    """
    from venueproof.cli.reporting import compare_certificates

    return compare_certificates(old, new)
