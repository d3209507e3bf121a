import pytest
from msgspec.structs import replace

from venueproof_reports import Certificate, CertificateError, NotProven, Result, merge, seal


def _shards(whole: Certificate, count: int) -> list[Certificate]:
    """The certificate dealt out to shards row by row, as workers would."""
    return [
        seal(
            replace(whole.header, shard=f"{number + 1}/{count}"),
            [replace(run, wall_seconds=run.wall_seconds / count) for run in whole.runs],
            whole.results[number::count],
            whole.kills[number::count],
            whole.not_proven if number == 0 else (),
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("count", [2, 3, 7])
def test_shards_make_the_whole_again(failing: Certificate, count: int) -> None:
    merged = merge(_shards(failing, count)[::-1])
    assert (merged.header, merged.results, merged.kills) == (failing.header, failing.results, failing.kills)
    assert [run.counts for run in merged.runs] == [run.counts for run in failing.runs]
    assert sum(run.wall_seconds for run in merged.runs) == pytest.approx(sum(run.wall_seconds for run in failing.runs))


def test_merged_digests_do_not_depend_on_the_order(failing: Certificate) -> None:
    shards = _shards(failing, 3)
    digests = [run.journal_digest for run in merge(shards).runs]
    assert digests == [run.journal_digest for run in merge([shards[2], shards[0], shards[1]]).runs]


def test_one_certificate_stays_as_it_is(failing: Certificate) -> None:
    assert merge([failing]) is failing


def test_whole_certificates_of_two_adapters_join(failing: Certificate) -> None:
    def only(name: str) -> Certificate:
        rows: list[Result] = [row for row in failing.results if row.adapter == name]
        return seal(failing.header, [run for run in failing.runs if run.adapter == name], rows, failing.kills)

    merged = merge([only("native"), only("ccxt")])
    assert merged == seal(failing.header, failing.runs, failing.results, failing.kills)


def test_a_clause_proven_in_one_part_is_proven(failing: Certificate) -> None:
    first, second = _shards(failing, 2)
    caught = second.kills[0].clause
    doubtful = [NotProven(clause=caught, reason="not in this part"), *failing.not_proven]
    merged = merge([seal(first.header, first.runs, first.results, first.kills, doubtful), second])
    assert [item.clause for item in merged.not_proven] == ["MKT-010"]


def test_a_clause_that_let_a_mutant_pass_in_one_part_is_not_proven(failing: Certificate) -> None:
    first, second = _shards(failing, 2)
    survivor = replace(first.kills[0], mutant="another", killed=False)
    missed = [NotProven(clause=survivor.clause, reason="its mutant another was not noticed"), *first.not_proven]
    merged = merge([seal(first.header, first.runs, first.results, [*first.kills, survivor], missed), second])
    assert survivor.clause in [item.clause for item in merged.not_proven]


def test_parts_that_do_not_belong_together_are_refused(failing: Certificate) -> None:
    first, second, third = _shards(failing, 3)

    def other(**changes: object) -> Certificate:
        return seal(replace(second.header, **changes), second.runs, second.results)

    dirty = [replace(run, source_digest="changed") for run in second.runs]
    refused = {
        "shard 2/3 is missing": [first, third],
        "shard is given twice": [first, second, third, third],
        "some certificates are shards": [first, failing],
        "shards 1/3 and 1/2 are not of one run": [first, other(shard="1/2")],
        "differ in suite_digest": [first, other(suite_digest="abc"), third],
        "differ in waivers": [first, other(waivers=()), third],
        "facts of 'binance' are of": [first, other(facts_dates={"binance": "2020-01-01"}), third],
        "two certificates hold 'native binance linear vendor AMD-010'": [
            first,
            seal(second.header, second.runs, first.results),
            third,
        ],
        "runs of 'native' on 'binance' differ in source_digest": [
            first,
            seal(second.header, dirty, second.results),
            third,
        ],
        "'native' on 'binance' is in two certificates": [failing, failing],
        "name at least one": [],
    }
    for said, parts in refused.items():
        with pytest.raises(CertificateError) as caught:
            merge(parts)
        assert said in str(caught.value)
        assert str(caught.value).isprintable()
