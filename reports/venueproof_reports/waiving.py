"""What is wrong with the waivers of a certificate: those that are over, and those that were for nothing that ran."""

from venueproof_reports.certificate import Certificate, Waiver


def waiver_complaints(certificate: Certificate) -> list[str]:
    """One line for each waiver that has expired or, in a whole run, names nothing that was run."""
    header = certificate.header
    whole = not header.shard and not header.selection
    ran = {(row.adapter, row.venue, row.clause) for row in certificate.results}
    complaints: list[str] = []
    for waiver in header.waivers:
        if waiver.expires < header.created[:10]:
            complaints.append(f"{_named(waiver)} expired on {waiver.expires}; correct the adapter, or renew it")
        elif whole and (waiver.adapter, waiver.venue, waiver.clause) not in ran:
            complaints.append(f"{_named(waiver)} matched nothing that was run; correct its names, or take it out")
    return complaints


def _named(waiver: Waiver) -> str:
    return f"the waiver of {waiver.clause} for {waiver.adapter} on {waiver.venue}"
