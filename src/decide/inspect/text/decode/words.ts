/** Whether something that was decoded may be words; noise must not become a view. */
const SAMPLE = 600

/** Nothing but the marks of a coding: what came out is coded once more. */
const CODED = /^[A-Za-z0-9+/=_\s-]{16,}$/

export function looksLikeWords(text: string): boolean {
  const sample = text.slice(0, SAMPLE)
  if (sample.length < 8) return false
  if (CODED.test(sample)) return true
  let letters = 0
  let blanks = 0
  let strange = 0
  for (let at = 0; at < sample.length; at++) {
    const code = sample.charCodeAt(at)
    if ((code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 0xc0 && code < 0xfff0))
      letters++
    else if (code === 32 || code === 10) blanks++
    else if (code < 9 || (code > 13 && code < 32) || (code >= 127 && code < 0xa0) || code === 0xfffd)
      strange++
  }
  // nothing but characters that can be printed, half of them letters: noise does not look so, and a line of code does
  if (strange === 0 && letters * 10 >= sample.length * 4) return true
  if (strange * 20 > sample.length || letters * 10 < sample.length * 6) return false
  // words of some language: a blank every now and then, or writing that needs none
  return blanks * 25 >= sample.length || /[\u3040-\u9fff\uac00-\ud7af]{4}/.test(sample) || isLongWord(sample)
}

/** Whole sentences without blanks are told apart from noise by their vowels and by having one case. */
function isLongWord(sample: string): boolean {
  if (!/^[a-z_.-]+$/i.test(sample) || sample.length < 16) return false
  const vowels = sample.match(/[aeiou]/gi)?.length ?? 0
  return vowels * 4 >= sample.length && vowels * 2 <= sample.length && /^[A-Z]?[a-z_.-]+$/.test(sample)
}
