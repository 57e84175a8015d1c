// Mutual authentication: the gate answers a question of the rep's before the rep answers the gate's (RFC 6287
// section 7.2). Pure. Runs in: sallyportd, sallyport-auth, sallyport-respond.
#pragma once

#include <string>

#include "auth/ocra.h"

namespace sallyport {

// With QC the rep's question, drawn first, and QS the gate's, drawn when QC is known, both of the suite's
// form and of its full length (whole bytes of hex):
//   the gate's answer = OCRA(the suite without its PIN field, K, [C] QC|QS [S] [T])
//   the rep's answer  = OCRA(the suite,                       K, [C] QS|QC [P] [S] [T])
// as in the RFC's test vectors (appendix C.3): the gate holds no PIN that a person types, and a rep checks
// the gate before typing one. C is the counter that the gate expects next; the rep's may be ahead of it, as
// far as the gate looks ahead (auth/response_window.h).
//
// Asking the gate brings nobody its answer to a rep's question. An answer of the gate's serves as a rep's
// only where QC|QS of the one is QS'|QC' of the other: QC = QS' and QS = QC'. Whoever waits for QS' to ask it
// as QC has given QC' before, and the gate draws QS at random after that: one chance in as many as there are
// questions (a few more with QN, which drops leading zeros), and each try counts as a failed login.

// The suite that the gate's own answer is made with.
OcraSuite gate_suite(const OcraSuite& suite);

// `input`'s question is the rep's, second_question the gate's; its counter, session information and time are
// used as far as the suite has them, its PIN never.
Result<std::string> gate_answer(const OcraSuite& suite, const Secret& key, const OcraInput& input);

// Whether the rep's question is of the suite's form and has its full length: a shorter one would leave open
// where QC ends and QS begins.
Done check_mutual_question(const OcraSuite& suite, std::string_view question);

// How long a question is that draw_question() makes: the suite's length, with hex of whole bytes.
std::size_t full_question_length(const OcraSuite& suite);

// What the rep's side has of a gate's answer, with the rep's counter and time: right, if the gate's counter
// is at most kLookAhead behind the rep's, and its clock at most kTimeTolerance steps off.
Result<bool> gate_answer_is_right(const OcraSuite& suite, const Secret& key, const OcraInput& input,
                                  std::string_view answer);

}  // namespace sallyport
