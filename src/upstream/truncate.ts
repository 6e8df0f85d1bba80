/** The first `maxChars` UTF-16 code units of a text, less one if that would cut a character in two. */
export function truncate(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const last = text.charCodeAt(maxChars - 1);
  const highSurrogate = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, highSurrogate ? maxChars - 1 : maxChars);
}
