/** A text of at most so many characters; where something is missing, that is said, so that nobody takes it for the whole. */
export function cutText(text: string, most: number): string {
  if (text.length <= most) return text
  return `${text.slice(0, most).toWellFormed()} … (${text.length - most} more characters are not shown)`
}
