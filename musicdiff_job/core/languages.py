"""What languages are called in titles: "Spanish Version", "Versión en Inglés", "日本語版".

Names in Latin letters are whole words; in other scripts they may be parts of words, which take endings or stand without
spaces.
"""

from __future__ import annotations

LANGUAGES = {
    "spanish": "spanish", "espanol": "spanish", "espanola": "spanish", "espagnole": "spanish", "castellano": "spanish",
    "spanisch": "spanish", "spanische": "spanish", "spagnola": "spanish", "esp": "spanish",
    "english": "english", "englisch": "english", "englische": "english", "anglais": "english", "anglaise": "english",
    "ingles": "english", "inglesa": "english", "inglese": "english", "eng": "english",
    "german": "german", "deutsch": "german", "deutsche": "german", "allemand": "german", "allemande": "german",
    "aleman": "german", "tedesca": "german",
    "french": "french", "francais": "french", "francaise": "french", "franzosisch": "french", "franzosische": "french",
    "frances": "french", "francese": "french",
    "italian": "italian", "italiano": "italian", "italiana": "italian", "italienisch": "italian",
    "italienische": "italian", "italienne": "italian",
    "portuguese": "portuguese", "portugues": "portuguese", "portuguesa": "portuguese", "portugaise": "portuguese",
    "japanese": "japanese", "jpn": "japanese", "korean": "korean", "kor": "korean", "chinese": "chinese",
    "chn": "chinese", "mandarin": "chinese", "cantonese": "cantonese",
    "dutch": "dutch", "nederlands": "dutch", "nederlandse": "dutch", "swedish": "swedish", "svensk": "swedish",
    "svenska": "swedish", "norwegian": "norwegian", "norsk": "norwegian", "danish": "danish", "dansk": "danish",
    "finnish": "finnish", "suomeksi": "finnish", "polish": "polish", "polska": "polish", "polsku": "polish",
    "czech": "czech", "hungarian": "hungarian", "romanian": "romanian", "greek": "greek", "turkish": "turkish",
    "turkce": "turkish", "russian": "russian", "ukrainian": "ukrainian", "hebrew": "hebrew", "arabic": "arabic",
    "hindi": "hindi", "tamil": "tamil", "telugu": "telugu", "thai": "thai", "vietnamese": "vietnamese",
    "indonesian": "indonesian", "malay": "malay", "filipino": "filipino", "tagalog": "filipino", "latin": "latin",
    "catalan": "catalan", "catala": "catalan", "spanglish": "spanglish", "bilingual": "bilingual",
    "日本語": "japanese", "日文": "japanese", "日語": "japanese", "日语": "japanese", "일본어": "japanese",
    "韓国語": "korean", "韓語": "korean", "韩语": "korean", "한국어": "korean",
    "英語": "english", "英语": "english", "英文": "english", "영어": "english", "английск": "english",
    "國語": "chinese", "国语": "chinese", "中文": "chinese", "中国語": "chinese", "중국어": "chinese",
    "粵語": "cantonese", "粤语": "cantonese", "русск": "russian", "українськ": "ukrainian",
    "ελληνικ": "greek", "αγγλικ": "english", "באנגלית": "english", "בעברית": "hebrew", "بالعربي": "arabic",
    "ภาษาอังกฤษ": "english", "ภาษาไทย": "thai",
}  # fmt: skip
"""Each name in canonical spelling (see ``text``), and the language it means."""
LANGUAGE = f"(?:{'|'.join(word for word in LANGUAGES if word.isascii())})"
LANGUAGE_PART = "|".join(word for word in LANGUAGES if not word.isascii())
