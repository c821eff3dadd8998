// The packets of a campaign file into one card in a reader (C-9 and C-17 hold as for any single operation): what the
// owner of a data directory does for `tessera card try`.
//
//   POST /v1/trials {file, text, reader, any, smsc_address, por_timeout, approve_danger} -> what became of it, with
//   every command
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>

#include "net/card_reader.h"
#include "net/http.h"
#include "operations/desk.h"
#include "tessera/data_directory.h"

namespace tessera::app {

class card_trials {
public:
    using respond = std::function<void(net::http_response)>;

    // Lives on the home loop's thread. Everything handed in must outlive it.
    card_trials(data_directory& data, store::shared_writer& writer, operations::desk& desk, net::event_loop& home);
    // Waits for cards that are being activated.
    ~card_trials();
    card_trials(const card_trials&) = delete;
    card_trials& operator=(const card_trials&) = delete;

    // `give` is called once, never before this returned.
    void perform(const std::string& body, respond give);
    [[nodiscard]] bool idle() const;

private:
    class trial;
    data_directory* data_;
    store::shared_writer* writer_;
    operations::desk* desk_;
    net::event_loop* home_;
    std::list<std::shared_ptr<trial>> open_;
};

}  // namespace tessera::app
