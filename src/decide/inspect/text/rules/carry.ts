import type { RuleFamily } from './rule.ts'

/** Code that is given to be run at once, as attacks on readers with a shell put it. */
export const EXECUTION: RuleFamily = {
  family: 'code-execution',
  words: [],
  marks: [
    {
      id: 'run-this',
      reason: 'wants code run that opens the machine',
      weight: 0.65,
      signs: [
        'run:',
        'execute:',
        'bypass:',
        'exec:',
        'eval:',
        'run this',
        'execute this',
        'bypass restrictions',
        'bypass security',
        'bypass filters',
        'ignore security',
      ],
      body: '[a-z ]{3,30}:[^\\n]{0,160}(?:whoami|os\\.(?:system|popen|exec|spawn|fork)|subprocess|__import__|child_process|\\/etc\\/(?:passwd|shadow)|rm -rf (?:\\/|~|\\*)|\\bnc -|\\/dev\\/tcp|getruntime\\(|\\beval\\(|\\bexec\\(|id_rsa|environ\\b|evil\\.|malware|\\.exe\\b|sudo su|chmod 777|while true|:\\(\\)\\{)',
    },
  ],
}

const PLACEHOLDER =
  '(?:\\{[^}\\s]{1,60}\\}|\\[[^\\]\\s]{1,60}\\]|<[^>\\s]{1,60}>|%7b|\\$\\{|data|secret|token|history|conversation|summary|context|message|prompt|password|key|here|content|chat)'

export const IMAGE: RuleFamily = {
  family: 'image-exfiltration',
  words: [
    {
      id: 'append-to-url',
      reason: 'wants data put into an address that is then fetched',
      weight: 0.45,
      say: [
        'render|display|include|insert|show|output|embed 2 image|img|picture|pixel|markdown 4 http|https|url',
        'append|encode|embed|include|insert|put 4 conversation|history|secret|secrets|password|token|context|data|answer|response 3 to|in|into|as 3 url|query|link|image|parameter',
        'image|link|url 3 containing|with 3 SECRET|conversation|history',
      ],
    },
  ],
  marks: [
    {
      id: 'image-with-data',
      reason: 'an image whose address carries what is said',
      weight: 0.5,
      signs: ['](http', '](https', '<img', 'src="http'],
      body: `(?:\\]\\(|<img[^>]{0,100}src\\s{0,3}=\\s{0,3}["']?)https?:\\/\\/[^\\s)"'>]{3,200}[?&][a-z_]{1,20}=${PLACEHOLDER}`,
    },
  ],
}
