// What a process that owns a data directory does for others on this machine, and for itself: single operations at once,
// and control of the campaign that it runs. Other processes reach it at DIR/tessera.sock by HTTP:
//
//   POST /v1/cards/NAME/operations        {kind, file, content, ...} -> what became of it (operation_json.h)
//   POST /v1/cards/NAME/verify            {files, ...} -> each as it is beside its image (card_verification.h)
//   POST /v1/cards/ICCID/msisdn           {msisdn: digits or null} -> what changed (card_numbers.h)
//   POST /v1/cards/ICCID/swap             {iccid of the card that takes its place}
//   GET  /v1/triggers                     all of them; POST {file, text}: one more (trigger_requests.h)
//   GET  /v1/triggers/NAME                one of them
//   POST /v1/triggers/NAME/pause | resume | remove
//   POST /v1/events                       an event of a card, or many -> what became of them (event_requests.h)
//   POST /v1/trials                       a campaign file into a card in a reader (card_trials.h)
//   GET  /v1/campaigns/ID                 its status
//   POST /v1/campaigns/ID/pause           its status, once that is durable
//   POST /v1/campaigns/ID/cancel          likewise, with {settling}: false once what was sent has its outcomes, which
//                                         is waited for shortly; true if that takes longer
//   POST /v1/campaigns/ID/approve         {by}: likewise
//   POST /v1/campaigns/ID/resume          of a trigger: it goes on when it is its turn
//   GET  /v1/stop-all                     whether everything is stopped
//   POST /v1/stop-all | /v1/stop-all/lift {by}: likewise, once every campaign stands still
//
// A client that hangs up withdraws its operation, or the rest of its verification, if that has not begun.
// 404 what is not there, 409 what is inhibited or in the wrong state, 422 what is not understood.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "net/http.h"
#include "store/shared_writer.h"
#include "telecom/radio.h"
#include "tessera/data_directory.h"

namespace tessera::app {

inline constexpr std::string_view socket_name = "tessera.sock";

class local_service {
public:
    // `listen`: for other processes, too. Everything must outlive it; while it lives nobody else uses data.writer but
    // through `writer`. Errors: cannot_listen, database.
    [[nodiscard]] static result<std::unique_ptr<local_service>> start(data_directory& data,
                                                                      store::shared_writer& writer,
                                                                      telecom::radio& radio, bool listen);
    // Takes no new requests, and finishes those that it has, within limits::single_operation_wait.
    ~local_service();
    local_service(const local_service&) = delete;
    local_service& operator=(const local_service&) = delete;

    // As if it had come over the socket; waits for the response. Not from the service's own thread.
    [[nodiscard]] net::http_response ask(const net::http_request& request);

    // This process conducts that campaign from now on; a request to pause or cancel it sets `stop` and waits until
    // conducted() says that it stands still.
    void conducting(const std::string& campaign, std::atomic<bool>& stop);
    // Called when events were recorded, or something else changed that campaigns of triggers wait for; from any thread,
    // quickly. Empty: nobody. When this returns, what was given before is called no more.
    void on_news(std::function<void()> tell);
    // Carries out what was asked for meanwhile. True: the campaign was paused or cancelled.
    [[nodiscard]] result<bool> conducted();

private:
    class machine;
    explicit local_service(std::unique_ptr<machine> made);
    std::unique_ptr<machine> machine_;
};

}  // namespace tessera::app
