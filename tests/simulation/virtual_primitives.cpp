// The functions of libstdc++ that std::thread, std::mutex, std::condition_variable and std::future come down to. The
// linker (--wrap, see CMakeLists.txt) sends every call of them to these here, which put it onto the virtual machine
// while one runs. So the product's code runs as it is, and pays nothing for it.
#include <pthread.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <thread>

#include "virtual_machine.h"

using tessera::simulation::virtual_machine;

namespace {

// What runs on the machine's thread, in the place of the state that std::thread made.
struct virtual_state final : std::thread::_State {
    std::unique_ptr<std::thread::_State> inner;
    std::function<void()> work;
    void _M_run() override { work(); }
};

std::unordered_map<pthread_t, void*>& handles() {
    static std::unordered_map<pthread_t, void*> all;
    return all;
}

}  // namespace

extern "C" {

using dependency = void (*)();
using state_ptr = std::unique_ptr<std::thread::_State>;

// std::thread::_M_start_thread(_State_ptr, void (*)())
void __real__ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE(std::thread* self,
                                                                                                  state_ptr state,
                                                                                                  dependency depends);
void __wrap__ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE(std::thread* self,
                                                                                                  state_ptr state,
                                                                                                  dependency depends);
void __wrap__ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE(std::thread* self,
                                                                                                  state_ptr state,
                                                                                                  dependency depends) {
    auto* machine = virtual_machine::running();
    if (machine == nullptr)
        return __real__ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE(
            self, std::move(state), depends);
    auto made = std::make_unique<virtual_state>();
    made->inner = std::move(state);
    void* handle = machine->begin_thread([inner = made->inner.get()] { inner->_M_run(); });
    made->work = virtual_machine::entry(handle);
    __real__ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE(self, std::move(made),
                                                                                                 depends);
    handles()[self->native_handle()] = handle;
    machine->maybe_switch();
}

// std::thread::join()
void __real__ZNSt6thread4joinEv(std::thread* self);
void __wrap__ZNSt6thread4joinEv(std::thread* self);
void __wrap__ZNSt6thread4joinEv(std::thread* self) {
    const auto known = handles().find(self->native_handle());
    if (known != handles().end()) {
        virtual_machine::running()->end_of_thread(known->second);
        handles().erase(known);
    }
    __real__ZNSt6thread4joinEv(self);
}

int __real_pthread_mutex_lock(pthread_mutex_t* mutex);
int __wrap_pthread_mutex_lock(pthread_mutex_t* mutex);
int __wrap_pthread_mutex_lock(pthread_mutex_t* mutex) {
    auto* machine = virtual_machine::running();
    if (machine == nullptr) return __real_pthread_mutex_lock(mutex);
    machine->maybe_switch();
    while (pthread_mutex_trylock(mutex) != 0) machine->wait_at(mutex);
    return 0;
}

int __real_pthread_mutex_unlock(pthread_mutex_t* mutex);
int __wrap_pthread_mutex_unlock(pthread_mutex_t* mutex);
int __wrap_pthread_mutex_unlock(pthread_mutex_t* mutex) {
    const int made = __real_pthread_mutex_unlock(mutex);
    if (auto* machine = virtual_machine::running()) machine->wake_one(mutex);
    return made;
}

// std::condition_variable::wait(unique_lock<mutex>&), notify_one(), notify_all()
void __real__ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE(void* self, std::unique_lock<std::mutex>& held);
void __wrap__ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE(void* self, std::unique_lock<std::mutex>& held);
void __wrap__ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE(void* self, std::unique_lock<std::mutex>& held) {
    auto* machine = virtual_machine::running();
    if (machine == nullptr) return __real__ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE(self, held);
    held.unlock();
    machine->wait_at(self);
    held.lock();
}
void __real__ZNSt18condition_variable10notify_oneEv(void* self);
void __wrap__ZNSt18condition_variable10notify_oneEv(void* self);
void __wrap__ZNSt18condition_variable10notify_oneEv(void* self) {
    auto* machine = virtual_machine::running();
    if (machine == nullptr) return __real__ZNSt18condition_variable10notify_oneEv(self);
    machine->wake_one(self);
    machine->maybe_switch();
}
void __real__ZNSt18condition_variable10notify_allEv(void* self);
void __wrap__ZNSt18condition_variable10notify_allEv(void* self);
void __wrap__ZNSt18condition_variable10notify_allEv(void* self) {
    auto* machine = virtual_machine::running();
    if (machine == nullptr) return __real__ZNSt18condition_variable10notify_allEv(self);
    machine->wake_all(self);
    machine->maybe_switch();
}

// What std::future waits with: until the word is no longer that value. Nobody waits with a limit of time.
using std::chrono::nanoseconds;
bool __real__ZNSt28__atomic_futex_unsigned_base19_M_futex_wait_untilEPjjbNSt6chrono8durationIlSt5ratioILl1ELl1EEEENS2_IlS3_ILl1ELl1000000000EEEE(
    void* self, unsigned* word, unsigned value, bool has_limit, std::chrono::seconds limit, nanoseconds more);
bool __wrap__ZNSt28__atomic_futex_unsigned_base19_M_futex_wait_untilEPjjbNSt6chrono8durationIlSt5ratioILl1ELl1EEEENS2_IlS3_ILl1ELl1000000000EEEE(
    void* self, unsigned* word, unsigned value, bool has_limit, std::chrono::seconds limit, nanoseconds more);
bool __wrap__ZNSt28__atomic_futex_unsigned_base19_M_futex_wait_untilEPjjbNSt6chrono8durationIlSt5ratioILl1ELl1EEEENS2_IlS3_ILl1ELl1000000000EEEE(
    void* self, unsigned* word, unsigned value, bool has_limit, std::chrono::seconds limit, nanoseconds more) {
    auto* machine = virtual_machine::running();
    if (machine == nullptr)
        return __real__ZNSt28__atomic_futex_unsigned_base19_M_futex_wait_untilEPjjbNSt6chrono8durationIlSt5ratioILl1ELl1EEEENS2_IlS3_ILl1ELl1000000000EEEE(
            self, word, value, has_limit, limit, more);
    if (__atomic_load_n(word, __ATOMIC_ACQUIRE) == value) machine->wait_at(word);
    return true;
}
void __real__ZNSt28__atomic_futex_unsigned_base19_M_futex_notify_allEPj(unsigned* word);
void __wrap__ZNSt28__atomic_futex_unsigned_base19_M_futex_notify_allEPj(unsigned* word);
void __wrap__ZNSt28__atomic_futex_unsigned_base19_M_futex_notify_allEPj(unsigned* word) {
    auto* machine = virtual_machine::running();
    if (machine == nullptr) return __real__ZNSt28__atomic_futex_unsigned_base19_M_futex_notify_allEPj(word);
    machine->wake_all(word);
}

}  // extern "C"
