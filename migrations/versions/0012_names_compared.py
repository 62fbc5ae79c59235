"""Names compare in SQL as in Python: apostrophes are no letters, Ł is L, ß is ss.

The function holds nothing about tables, so that a search may call it on whatever it reads; a test
compares it with `services.kernel.identifiers.normalise_name` letter by letter.
"""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute(NORMAL_NAME)


_APOSTROPHES = (
    "''`\u00b4\u00b7\u0241\u0242\u0294\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8"
    "\u2018\u2019\u201b\u2032\ua78b\ua78c\uff07"
)
_SMALL = "øđðħłŧıŋĸəǝɛɇɓƀɗɖƒɣǥɨɩƙɲɔɵɍʉʊʋƴƶʒ"
_CAPITAL = "ØĐÐĦŁŦıŊĸƏƎƐɆƁɃƊƉƑƔǤƗƖƘƝƆƟɌɄƱƲƳƵƷ"
_ASCII = "oddhltinkeeeebbddfggiiknooruuvyzz"

NORMAL_NAME = f"""
CREATE FUNCTION normal_name(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT btrim(regexp_replace(
        replace(replace(replace(replace(
            lower(translate(
                regexp_replace(
                    normalize(translate(name, '{_APOSTROPHES}', ''), NFKD),
                    '[\\u0300-\\u036f\\u02b9-\\u02bf\\u00b7]', '', 'g'),
                '{_SMALL}{_CAPITAL}ÆŒÞẞ', '{_ASCII}{_ASCII}æœþß')),
            'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'), 'ß', 'ss'),
        '[^[:alnum:]]+', ' ', 'g'))
$$
"""
