/** A fresh object of about 200 bytes as JSON. */
export function record(index: number) {
  return {
    id: index,
    name: `document-${index}`,
    text: 'A paragraph of plain prose that is long enough to be worth a look, and no longer.',
    tags: ['plain', 'prose', 'short'],
    score: index / 7,
    final: index % 2 === 0,
    language: 'en',
  };
}
