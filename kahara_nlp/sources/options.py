"""What a user may tell the readers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["SourceOptions"]


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """Settings of `open_source`.

    Parameters
    ----------
    own_domains : frozenset of str
        Mail domains of the organisation, such as ``{"kumiai.example"}``. Mail from them and from their
        sub-domains has the direction ``own``.
    text_column : str or None
        Column of a table that holds the text; None to recognise it by its name.
    id_column : str or None
        Column of a table that identifies the row; None to recognise it by its name.
    customer_speakers : frozenset of str
        Speaker labels of a call that are the customer, such as ``{"SPEAKER_01", "ch_1"}``. In a call where
        one of them speaks, every other speaker without a telling name is staff.
    resume_after : mapping of str to int
        Per source name, the position of the last message or problem that was already taken: reading goes
        on behind it. An mbox is entered at that byte; a file of one mail or call is skipped.

    Examples
    --------
    >>> SourceOptions(own_domains=frozenset({"@Kumiai.example"})).own_domains
    frozenset({'kumiai.example'})
    """

    own_domains: frozenset[str] = frozenset()
    text_column: str | None = None
    id_column: str | None = None
    customer_speakers: frozenset[str] = frozenset()
    resume_after: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        domains = frozenset(domain.strip().lstrip("@").rstrip(".").lower() for domain in self.own_domains)
        object.__setattr__(self, "own_domains", domains - {""})
        object.__setattr__(self, "customer_speakers", frozenset(self.customer_speakers))

    def taken(self, source: str, position: int) -> bool:
        """Tell whether a message was already taken.

        Parameters
        ----------
        source : str
            Name of the source, as in `Message.source`.
        position : int
            Byte offset or row, as in `Message.position`.

        Returns
        -------
        bool
            True where `resume_after` names this source with this position or a later one.

        Examples
        --------
        >>> SourceOptions(resume_after={"a.csv": 7}).taken("a.csv", 7)
        True
        """
        return position <= self.resume_after.get(source, -1)
