const WORD = /[\p{L}\p{N}_]+/gu;

/** The words of a text in lower case, in order: runs of letters, digits and underscores. */
export function tokensOf(text: string): string[] {
  return text.toLowerCase().match(WORD) ?? [];
}

const MIN_TERM_CHARS = 3;
const MAX_TERM_CHARS = 40;
const LETTER = /\p{L}/u;

/** Whether a word can tell what a text is about: not a stop word, a number, an initial or a blob. */
export function isTerm(token: string): boolean {
  return (
    token.length >= MIN_TERM_CHARS &&
    token.length <= MAX_TERM_CHARS &&
    !STOP_WORDS.has(token) &&
    LETTER.test(token)
  );
}

/** Common English words, and the leftovers of contractions, addresses and markup. */
const STOP_WORDS: ReadonlySet<string> = new Set(
  `about above after again against all also although always among and another any are aren around because been before
  being below between both but can cannot could couldn did didn does doesn doing don down during each either else etc
  even ever every few for from further get gets given had hadn has hasn have haven having her here hers herself him
  himself his how however http https into isn its itself just least less let like made make makes many may might mine
  more most much must mustn myself need neither nor not now off often once one only other others ought our ours
  ourselves out over own per rather same see shall shan she should shouldn since some such than that the their theirs
  them themselves then there these they this those though through thus too two under until upon use used uses using
  very via was wasn way well were weren what when where whether which while who whom whose why will with within without
  won would wouldn www yes yet you your yours yourself yourselves com org href src img alt html svg png`.split(
    /\s+/,
  ),
);
