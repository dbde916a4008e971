import type { Words } from './words.ts'

/** The words of the override family in nine more languages, in the normal form (without accents). */
export const FOREIGN: readonly Words[] = [
  {
    // German
    IGNORE:
      'ignoriere ignorier ignorieren ignoriert vergiss vergesse vergessen vergesst missachte missachten ubergehe verwirf verwerfe uberschreibe umgehe',
    IGNORE_HARD: 'ignoriere ignorier ignorieren vergiss vergesse missachte ubergehe verwirf',
    PRIOR:
      'vorherige* vorige* bisherige* vorangegangene* obige* vorhergehende* fruhere* ursprungliche* vorangehende* zuvor davor bisher oben bestehende*',
    ALL: 'alle allen alles samtliche jede jegliche ganze komplett',
    YOUR: 'deine deinen deiner deinem dein ihre ihren',
    INSTR:
      'anweisung anweisungen instruktion instruktionen befehl befehle regel regeln vorgabe vorgaben aufforderung aufforderungen richtlinie richtlinien eingabeaufforderung* beschrankungen',
    INSTR_HARD: 'anweisung anweisungen instruktion instruktionen vorgaben',
    SAID: 'aufgabe aufgaben auftrag auftrage gesagt gesagte besprochen kontext nachrichten informationen gesprach eingaben text ausfuhrungen zuweisungen',
    REVEAL: 'zeige zeig nenne verrate gib schreibe drucke wiederhole offenbare liste',
    SYSTEM: 'geheime geheimen ursprunglichen interne',
    PROMPT_HARD: 'systemprompt systemanweisung systemanweisungen',
    NEW: 'neue neuen folgende folgenden',
    LEAD: 'bitte jetzt nun und dann musst mussen sollst du die',
    OPENER: 'bitte jetzt nun stattdessen sofort',
  },
  {
    // French
    IGNORE: 'ignorez ignorer ignores oublie oubliez oublier neglige negligez contourne contournez outrepasse',
    IGNORE_HARD: 'ignorez oublie oubliez oublier',
    PRIOR: 'precedente* precedents precedent anterieure* anterieurs initiales prealables dessus avant',
    ALL: 'toutes tous tout toute',
    YOUR: 'tes ton ta vos votre',
    INSTR: 'instructions consigne consignes directives regles ordres commandes indications',
    INSTR_HARD: 'consigne consignes directives',
    REVEAL: 'revele revelez affiche affichez montre montrez divulgue donne',
    NEW: 'nouvelles nouvelle suivantes',
    OPENER: 'veuillez maintenant',
  },
  {
    // Spanish
    IGNORE:
      'ignora ignorar ignoren ignores olvida olvide olvidate olvidar olviden olvides descarta descarte omite omitir anula',
    IGNORE_HARD: 'ignora ignorar olvida olvide olvidate olvidar',
    PRIOR: 'anterior anteriores previas previos previa previo precedentes iniciales arriba antes existentes',
    ALL: 'todas todos todo toda cualquier',
    YOUR: 'tus tu sus',
    INSTR: 'instruccion instrucciones ordenes orden reglas indicaciones directrices comandos restricciones',
    INSTR_HARD: 'instruccion instrucciones indicaciones directrices',
    REVEAL: 'revela revele muestra muestrame dime repite imprime',
    NEW: 'nuevas nueva siguientes',
    OPENER: 'ahora porfavor',
  },
  {
    // Portuguese
    IGNORE: 'ignore ignora ignorar esqueca esquece esquecer desconsidere desconsidera descarte',
    IGNORE_HARD: 'esqueca esquece desconsidere',
    PRIOR: 'anteriores anterior previas previos acima iniciais antes',
    ALL: 'todas todos tudo quaisquer',
    YOUR: 'suas seus tuas',
    INSTR: 'instrucoes instrucao ordens regras diretrizes comandos orientacoes',
    INSTR_HARD: 'instrucoes instrucao diretrizes',
    REVEAL: 'revele mostre mostra exiba repita imprima',
    NEW: 'novas nova seguintes',
    OPENER: 'agora',
  },
  {
    // Italian
    IGNORE: 'ignora ignorate ignorare dimentica dimenticate dimenticare tralascia trascura scarta',
    IGNORE_HARD: 'ignorate dimentica dimenticate',
    PRIOR: 'precedenti precedente antecedenti anteriori iniziali sopra prima',
    ALL: 'tutte tutti tutto ogni qualsiasi',
    YOUR: 'tue tuoi tua vostre',
    INSTR: 'istruzioni istruzione regole ordini direttive comandi indicazioni',
    INSTR_HARD: 'istruzioni istruzione direttive',
    REVEAL: 'rivela mostra mostrami ripeti stampa',
    NEW: 'nuove nuova seguenti',
    OPENER: 'ora adesso',
  },
  {
    // Russian
    IGNORE: 'игнорируи* игнорировать проигнорируи* забудь* отмени* отбрось*',
    IGNORE_HARD: 'игнорируи* проигнорируи* забудь*',
    PRIOR: 'предыдущ* прежни* вышеуказанн* ранее прошл* предшествующ* выше изначальн* первоначальн* старые',
    ALL: 'все всех любые всё всю',
    YOUR: 'твои свои ваши твоих',
    INSTR: 'инструкци* указани* правил* команд* распоряжени* приказ* промпт* ограничени*',
    INSTR_HARD: 'инструкци* указани* промпт*',
    REVEAL: 'покажи* раскрои* выведи* напиши* сообщи* повтори*',
    SYSTEM: 'системн* скрыт* секретн*',
    SYSTEM_HARD: 'системн*',
    NEW: 'новые новая следующие',
  },
]

/** Scripts that put no blanks between words, or hang endings on them: found wherever they stand. */
export const UNSPACED: Words = {
  IGNORE:
    '忽略 無視 无视 忽視 忽视 忘记 忘記 忘掉 不要理会 不要理會 不理会 抛开 别管 忘れ 無効に 무시 잊어 잊고 잊으',
  IGNORE_HARD: '忽略 無視 无视 忽視 忘记 忘記 忘掉 不要理会 忘れ 무시 잊어',
  PRIOR:
    '之前 以前 以上 先前 前面 上述 上面 此前 前の 前述 上記 これまで 今まで 先ほど 이전 앞의 위의 지금까지 앞선 기존 먼저',
  ALL: '所有 一切 全部 任何 全て すべて あらゆる 모든 모두 전부',
  YOUR: '你的 您的 あなたの 너의 당신의',
  INSTR:
    '指令 指示 提示 规则 規則 命令 说明 設定 设定 要求 限制 ルール プロンプト 지시 명령 규칙 프롬프트 지침',
  INSTR_HARD: '指令 指示 提示词 规则 プロンプト 지시 프롬프트 지침',
  SAID: '内容 对话 對話 会話 내용 대화',
  REVEAL: '显示 顯示 告诉 告訴 输出 輸出 泄露 透露 打印 表示 教えて 出力 開示 보여 알려 출력 공개',
  SYSTEM: '系统 系統 システム 시스템 隐藏 秘密',
  SYSTEM_HARD: '系统 系統 システム 시스템',
  PROMPT_HARD: '提示词 提示詞 プロンプト 프롬프트',
}
