"""Words for the embedded voice to say, by language: greetings, things, doings, small words."""

from __future__ import annotations

WORDS = {
    "en-us": "hello good morning please thank you table order window river mother quickly seven "
    "yesterday because through thought street children question beautiful never always tomorrow "
    "telephone machine paper yellow orange water house garden listen speak wait open number",
    "en": "good evening booking kettle lorry weather Thursday brilliant rather quite nothing "
    "lovely autumn pavement queue cheese church bath half past eleven whether although enough "
    "sixth clothes rhythm library February colour theatre neighbour honest island salmon",
    "de": "guten Morgen bitte danke Straße schön Mädchen Zwetschge Frühling Eichhörnchen Fenster "
    "Brötchen Wirtschaft sprechen fünfzehn zwölf warten Tür Küche öffnen vielleicht gestern "
    "übermorgen Schmetterling Rechnung Bürgermeister zwischen Pfütze rauschen jung leise",
    "fr": "bonjour merci voulez vous maison feuille grenouille aujourd'hui monsieur oiseau vingt "
    "quatre rue lundi écureuil toujours jamais lumière jardin pluie chanson bouche manger "
    "attendre ouvrir numéro deuxième voiture soleil yeux cuillère brouillard nuit huit",
    "es": "buenos días gracias por favor ventana jugar zapato lluvia perro ciudad ayer mañana "
    "cuchara guitarra pequeño corazón quince hermano llave naranja rojo escuela trabajo siempre "
    "nunca izquierda derecha teléfono abrir cerrar mesa restaurante huevo verde",
    "es-419": "hola señora carro camión maíz chocolate tomate celular ahorita platicar jugo "
    "computadora manejar boleto estacionamiento lindo quisiera reservar cuenta agua noche "
    "domingo enero quinientos setenta veintitrés calle avenida barrio mercado",
    "it": "buongiorno grazie prego finestra ghiaccio famiglia gnocchi sciarpa bicchiere cucina "
    "domani ieri acqua strada cinque dieci mezzogiorno aspettare chiudere aprire zucchero "
    "chiave piccolo grande macchina uccello giardino luglio agnello spiaggia sempre",
    "pt": "bom dia obrigado coração janela cachorro amanhã irmã pão avião chuva trabalho escola "
    "vinte cinco rua não mãe bonito jeito chave quinze açúcar saudade laranja abrir fechar "
    "cozinha telefone número árvore longe perto sempre nunca",
    "nl": "goedemorgen dankjewel alsjeblieft huis straat uit gracht schaap vrouw meisje fiets "
    "morgen gisteren negentien zeven deur openen sluiten wachten kaas brood geel groen vuur "
    "lucht schrijven nieuw leeuw koning duizend tuin regen",
    "pl": "dzień dobry proszę dziękuję książka szczęście chrząszcz źródło żółty pięćdziesiąt "
    "jutro wczoraj ulica dziewczyna chłopiec czekać otwórz zamknij numer cześć drzwi okno "
    "rzeka świat miłość gwiazda ryba mięso język słońce",
    "cs": "dobrý den prosím děkuji třicet čtyři řeka město ulice škola zítra včera dveře okno "
    "člověk hvězda slunce žlutý zelený mluvit čekat otevřít číslo příští neděle chléb kůň",
    "ru": "доброе утро спасибо пожалуйста улица девочка шестнадцать вчера завтра окно дверь "
    "ждать открыть закрыть номер хорошо жизнь солнце луна рыба щука ещё чашка яблоко день "
    "ночь вьюга медведь говорить язык",
    "sv": "god morgon tack snälla sju sjuttio kyrka skjorta hjärta gata fönster dörr öppna stänga "
    "vänta nummer igår imorgon flicka pojke stjärna björn vatten bröd gul grön kött ljus",
    "da": "god morgen tak gade pige dreng vindue dør åbne lukke vente nummer rødgrød fløde "
    "halvtreds tres firs kærlighed himmel sol måne hus hund bjørn i går i morgen smuk",
    "nb": "god morgen takk vær så snill gate jente gutt vindu dør åpne lukke vente nummer kjøkken "
    "sjø fjell fjord snø regn brød i går i morgen tjuefem hjerte stjerne lys øy",
    "fi": "hyvää huomenta kiitos ole hyvä katu tyttö poika ikkuna ovi avata sulkea odottaa numero "
    "yksitoista kaksikymmentä järvi metsä hyppytyynytyydytys leipä vesi yö päivä aurinko kuu",
    "hu": "jó reggelt köszönöm kérem utca lány fiú ablak ajtó nyitni zárni várni szám gyümölcs "
    "egyszer tizennyolc hétfő tegnap holnap szép zöld sárga csillag hold kenyér víz gyermek",
    "ro": "bună dimineața mulțumesc vă rog stradă fată băiat fereastră ușă deschide închide "
    "aștepta număr optsprezece ieri mâine frumos verde galben stea lună pâine apă înger",
    "tr": "günaydın teşekkür ederim lütfen sokak kız oğlan pencere kapı açmak kapatmak beklemek "
    "numara on sekiz dün yarın güzel yeşil sarı yıldız ay ekmek su çocuk ağaç göz söz ışık",
    "el": "καλημέρα ευχαριστώ παρακαλώ δρόμος κορίτσι αγόρι παράθυρο πόρτα ανοίγω κλείνω "
    "περιμένω αριθμός δεκαοκτώ χθες αύριο όμορφος πράσινο κίτρινο αστέρι φεγγάρι ψωμί νερό",
    "hi": "नमस्ते धन्यवाद कृपया सड़क लड़की लड़का खिड़की दरवाज़ा खोलना बंद इंतज़ार संख्या अठारह "
    "कल आज सुंदर हरा पीला तारा चाँद रोटी पानी बच्चा पेड़ आँख घर",
    "ar": "صباح الخير شكرا من فضلك شارع بنت ولد نافذة باب افتح أغلق انتظر رقم ثمانية عشر "
    "أمس غدا جميل أخضر أصفر نجم قمر خبز ماء طفل شجرة عين قلب",
    "cmn": "早上 好 谢谢 请 街道 女孩 男孩 窗户 门 打开 关闭 等待 号码 十八 昨天 明天 漂亮 绿色 "
    "黄色 星星 月亮 面包 水 孩子 树 眼睛 心 电话 二十四 四十七",
    "yue": "早晨 多謝 唔該 街道 女仔 男仔 窗 門 打開 等 號碼 十八 尋日 聽日 靚 綠色 黃色 星 月亮 "
    "麵包 水 細路 樹 眼 心 電話 二十四",
    "ja": "おはよう ありがとう ください みち おんなのこ おとこのこ まど ドア あける しめる まつ "
    "ばんごう じゅうはち きのう あした きれい みどり きいろ ほし つき パン みず こども き め",
    "ko": "안녕하세요 감사합니다 제발 거리 소녀 소년 창문 문 열다 닫다 기다리다 번호 열여덟 어제 "
    "내일 예쁜 초록 노랑 별 달 빵 물 아이 나무 눈 마음",
    "id": "selamat pagi terima kasih tolong jalan anak jendela pintu buka tutup tunggu nomor "
    "delapan belas kemarin besok cantik hijau kuning bintang bulan roti air pohon mata hati",
    "vi": "chào buổi sáng cảm ơn xin vui lòng đường phố cô gái cửa sổ mở đóng chờ số mười tám "
    "hôm qua ngày mai đẹp xanh vàng ngôi sao mặt trăng bánh mì nước cây mắt tim",
    "sw": "habari asubuhi asante tafadhali barabara msichana mvulana dirisha mlango fungua funga "
    "ngoja nambari kumi na nane jana kesho nzuri kijani njano nyota mwezi mkate maji mtoto mti",
    "ta": "காலை வணக்கம் நன்றி தயவு செய்து தெரு பெண் பையன் ஜன்னல் கதவு திற மூடு காத்திரு எண் "
    "பதினெட்டு நேற்று நாளை அழகு பச்சை மஞ்சள் நட்சத்திரம் நிலா ரொட்டி தண்ணீர்",
    "ca": "bon dia gràcies si us plau carrer noia noi finestra porta obrir tancar esperar número "
    "divuit ahir demà bonic verd groc estrella lluna pa aigua nen arbre ull cor",
    "cy": "bore da diolch os gwelwch yn dda stryd merch bachgen ffenestr drws agor cau aros rhif "
    "deunaw ddoe yfory hardd gwyrdd melyn seren lleuad bara dŵr plentyn coeden llygad llwyd",
}
