// Numbers that move from card to card, as the local service and the command line speak of them.
#pragma once

#include <boost/json/object.hpp>
#include <span>
#include <string>

#include "cards/numbers.h"
#include "store/shared_writer.h"

namespace tessera::app {

// {msisdn: "4917..."}, or null for none. Answers {changed: [{iccid, before, msisdn}]}. One transaction.
[[nodiscard]] result<boost::json::object> change_number(store::shared_writer& writer, const std::string& iccid,
                                                        const std::string& body);
// {iccid} of the card that takes the place of this one.
[[nodiscard]] result<boost::json::object> swap_cards(store::shared_writer& writer, const std::string& iccid,
                                                     const std::string& body);
[[nodiscard]] result<boost::json::object> change_numbers(store::shared_writer& writer,
                                                         std::span<const cards::number_change> changes);

}  // namespace tessera::app
