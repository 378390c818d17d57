"""The customer's own new words in a message: quotes, forwarded mails, signatures and footers taken off.

All of it is done on lines. First every line that somebody else wrote goes (quote marks, the line that
announces a quote, everything below a forwarded header), then what stands at the end of the stretches that
remain (signatures, disclaimers, the advertisements of mail programs). A rule line alone is never a reason to cut.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from kahara_nlp.customer_text.endings import drop_armour, drop_endings
from kahara_nlp.customer_text.lines import own_ranges, split_lines
from kahara_nlp.customer_text.quotes import drop_quotes
from kahara_nlp.records import Message

__all__ = ["CustomerText", "customer_text"]


@dataclass(frozen=True, slots=True)
class CustomerText:
    r"""What a customer newly wrote or said.

    Parameters
    ----------
    text : str
        The customer's pieces, joined by newlines; empty where there are none.
    spans : tuple of tuple of int
        Range of the message's text behind each piece, in order.

    Examples
    --------
    >>> own = CustomerText("遅い\n困る", ((0, 2), (8, 10)))
    >>> own.to_message(3)
    8
    """

    text: str
    spans: tuple[tuple[int, int], ...]

    def to_message(self, offset: int) -> int:
        """Return where a character of `text` stands in the message.

        Parameters
        ----------
        offset : int
            Position in `text`, from 0 to its length. The newline between two pieces belongs to the end of
            the first; the length stands for the end of the last.

        Returns
        -------
        int
            Position in `Message.text`.

        Raises
        ------
        IndexError
            If `offset` lies outside.

        Examples
        --------
        >>> CustomerText("遅い", ((5, 7),)).to_message(2)
        7
        """
        if not 0 <= offset <= len(self.text):
            msg = f"offset {offset} lies outside of a text of {len(self.text)} characters"
            raise IndexError(msg)
        if not self.spans:
            return 0
        starts: list[int] = []
        position = 0
        for start, end in self.spans:
            starts.append(position)
            position += end - start + 1
        piece = bisect_right(starts, offset) - 1
        return self.spans[piece][0] + offset - starts[piece]


def customer_text(message: Message) -> CustomerText:
    r"""Return the customer's own new words in a message.

    Parameters
    ----------
    message : Message
        As a source gives it. Spans that its reader found are believed: those of a call as they stand,
        those of a mail as the most that can be the sender's own.

    Returns
    -------
    CustomerText
        Empty where all is quoted, forwarded or signature. That is no judgement of the message: it holds
        nothing of the customer's to judge.

    Notes
    -----
    Below a forwarded header nothing marks where the original ends, so everything goes to the end of the
    message; an answer written below an unmarked original is lost with it.

    Examples
    --------
    >>> mail = "まだ届きません。\n\n2024年5月1日(水) 10:00 担当 <a@b.example>:\n> 発送しました。\n"
    >>> customer_text(Message("a.eml", 0, "1", mail)).text
    'まだ届きません。'
    """
    text = message.text
    if message.turns:
        return _pieces(text, [span for span in message.spans or () if span[0] < span[1]])
    given = ((0, len(text)),) if message.spans is None else message.spans
    lines = [line for start, end in given for line in split_lines(text, max(0, start), min(end, len(text)))]
    drop_armour(lines)
    drop_quotes(lines)
    drop_endings(lines)
    return _pieces(text, own_ranges(lines))


def _pieces(text: str, spans: Sequence[tuple[int, int]]) -> CustomerText:
    return CustomerText("\n".join(text[start:end] for start, end in spans), tuple(spans))
