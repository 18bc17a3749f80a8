//! What operators call a balance and a currency, in small letters, with blanks between.

/// Words for a balance, of which one may be part of a longer one.
pub(super) const BALANCE: &str = "\
    balance balans saldo credit crédit crédito guthaben kontostand solde tegoed kredit egyenleg \
    keret bakiye pulsa konta konto stav rahunku rachunku etebar υπόλοιπο баланс счет счёт рахунку \
    остаток";
/// Words for a balance that stand alone.
pub(super) const BALANCE_ALONE: &str = "bal";

/// Currencies by the names operators give them, in small letters; signs of currencies are known.
pub(super) const CURRENCIES: &str = "\
    aed ars aud b/ bam bdt bgn birr bob bolivianos brl bs cad cedis cfa chf clp cop crc czk \
    córdobas cordobas da dh dhs dkk dollar dollars dolares dólares dop dzd egp etb eur euro euros \
    fcfa fr francs frs ft gbp ghc ghs grn gtq hnl hrk huf idr ils inr iqd irr jod kc kes kn kr \
    kronor kroner ksh kshs kwd kzt kč l lei lek lempiras leva lv mad mdl mwk mxn myr mzn n naira \
    ngn nio nis nok nzd omr pab pen pesos php pkr pln pounds pyg q qar quetzales r rands reais \
    rial rials rm ron rp rs rsd rub rubl rupees rwf s/ sar sek sgd shs sol soles sr tenge thb tk \
    tl tnd toman tsh tzs uah ugx usd ush uyu ves vnd xaf xof zar zl zmw zł đ грн лв руб р сом тг \
    тенге";

/// What else is counted with decimals.
pub(super) const COUNTED: &str = "b kb mb gb mo go ko min mins minutes minutos minuten sms";
