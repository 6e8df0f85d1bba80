export function countLetters(text) {
  return text.length;
}
