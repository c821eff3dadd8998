// Trials as the local service speaks of them.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "operations/reader_bearer.h"
#include "operations/types.h"

namespace tessera::app {

struct trial_request {
    std::string file;    // how errors name the campaign file, and where its own files are looked for
    std::string text;    // what stands in it
    std::string reader;  // a name, or how the only one with such a name begins
    bool any = false;    // also a card that the campaign is not for
    std::string smsc_address = "882390000000";
    std::string danger_approved_by;  // who takes the responsibility for what can make the card useless
    duration por_timeout{};          // zero: the campaign's, but not longer than ten seconds
};
// Unknown keys are errors. Errors name the field: missing_field, bad_type, bad_range, unknown_field, bad_value.
[[nodiscard]] result<trial_request> trial_request_from(const boost::json::object& from);

struct trial_result {
    std::string campaign;  // its name
    std::string reader;
    bytes answer_to_reset;
    operations::single_answer answer;
    std::vector<operations::reader_bearer::exchange> trace;
};
// {id, campaign, iccid, reader, atr, operation, outcome, cause, executed, status_word, packets: [{counter, octets,
// messages, answers, commands}], activation: [commands]}; {error: {code, field, message}} where the card was lost.
[[nodiscard]] boost::json::object trial_answer(const trial_result& made);

}  // namespace tessera::app
