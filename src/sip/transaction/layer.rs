//! All transactions there are, and whom their messages belong to.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Instant;

use super::{Client, Failure, InviteClient, InviteServer, Server, Wish, key, sooner};
use crate::sip::flow::Flow;
use crate::sip::message::{Message, Method, Request, Response};
use crate::sip::timing::Timing;

/// Most requests of others that are remembered; beyond it new ones are not heard.
const MAX_SERVERS: usize = 256;

/// A request of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ClientId(u64);

/// A request of theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ServerId(u64);

/// What comes of transactions.
#[derive(Debug)]
pub(crate) enum Event {
    /// This is to be sent.
    Send(Flow, Message),
    /// An answer to a request of ours.
    Response(ClientId, Response),
    /// There will be no answer.
    Failed(ClientId, Failure),
    /// Nothing more comes of a request of ours.
    Over(ClientId),
    /// A 2xx of ours has no ACK.
    Unacknowledged(ServerId),
}

#[derive(Debug)]
enum Ours {
    Invite(Box<InviteClient>),
    Other(Box<Client>),
}

#[derive(Debug)]
enum Theirs {
    Invite(Box<InviteServer>),
    Other(Box<Server>),
}

#[derive(Debug)]
struct Entry<T> {
    key: String,
    flow: Flow,
    machine: T,
}

/// The transactions.
#[derive(Debug)]
pub(crate) struct Transactions {
    timing: Timing,
    next: u64,
    ours: BTreeMap<ClientId, Entry<Ours>>,
    theirs: BTreeMap<ServerId, Entry<Theirs>>,
    our_keys: HashMap<String, ClientId>,
    their_keys: HashMap<String, ServerId>,
    events: VecDeque<Event>,
}

impl Transactions {
    pub(crate) fn new(timing: Timing) -> Self {
        Self {
            timing,
            next: 0,
            ours: BTreeMap::new(),
            theirs: BTreeMap::new(),
            our_keys: HashMap::new(),
            their_keys: HashMap::new(),
            events: VecDeque::new(),
        }
    }

    /// What came of all that was done.
    pub(crate) fn take(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// How many there are, of ours and of theirs.
    pub(crate) fn count(&self) -> (usize, usize) {
        (self.ours.len(), self.theirs.len())
    }

    /// Sends a request, which has its Via.
    pub(crate) fn begin(&mut self, request: Request, flow: Flow, now: Instant) -> ClientId {
        self.next += 1;
        let id = ClientId(self.next);
        let via = request.headers.top_via();
        let branch = via.as_ref().and_then(|via| via.branch()).unwrap_or_default();
        let key = key::client(branch, &request.method);
        let reliable = flow.is_reliable();
        self.events.push_back(Event::Send(flow, Message::Request(request.clone())));
        let machine = if request.method == Method::Invite {
            Ours::Invite(Box::new(InviteClient::new(request, now, self.timing, reliable)))
        } else {
            Ours::Other(Box::new(Client::new(request, now, self.timing, reliable)))
        };
        self.our_keys.insert(key.clone(), id);
        self.ours.insert(id, Entry { key, flow, machine });
        id
    }

    /// Takes an INVITE back.
    pub(crate) fn cancel(&mut self, id: ClientId, now: Instant) {
        if let Some(Entry { machine: Ours::Invite(invite), .. }) = self.ours.get_mut(&id) {
            let wishes = invite.cancel(now);
            self.grant_ours(id, wishes, None, now);
        }
    }

    /// An answer came. One that belongs to nothing is dropped.
    pub(crate) fn receive(&mut self, response: Response, now: Instant) {
        let found = key::of_answer(&response.headers).and_then(|key| self.our_keys.get(&key));
        let Some(id) = found.copied() else { return };
        let wishes = match self.ours.get_mut(&id).map(|entry| &mut entry.machine) {
            Some(Ours::Invite(invite)) => invite.receive(&response, now),
            Some(Ours::Other(client)) => client.receive(&response, now),
            None => return,
        };
        self.grant_ours(id, wishes, Some(response), now);
    }

    fn grant_ours(
        &mut self,
        id: ClientId,
        wishes: Vec<Wish>,
        mut response: Option<Response>,
        now: Instant,
    ) {
        let Some(flow) = self.ours.get(&id).map(|entry| entry.flow) else { return };
        for wish in wishes {
            match wish {
                Wish::Send(request) => {
                    self.events.push_back(Event::Send(flow, Message::Request(request)));
                }
                Wish::Begin(request) => {
                    self.begin(request, flow, now);
                }
                Wish::Pass => {
                    let response = response.take().map(|response| Event::Response(id, response));
                    self.events.extend(response);
                }
                Wish::Fail(failure) => self.events.push_back(Event::Failed(id, failure)),
                Wish::Answer(_) => {}
            }
        }
        self.forget_ours(id);
    }

    fn forget_ours(&mut self, id: ClientId) {
        let over = self.ours.get(&id).is_some_and(|entry| match &entry.machine {
            Ours::Invite(invite) => invite.is_over(),
            Ours::Other(client) => client.is_over(),
        });
        if over && let Some(entry) = self.ours.remove(&id) {
            self.our_keys.remove(&entry.key);
            self.events.push_back(Event::Over(id));
        }
    }

    /// Whether a request belongs to what came before, and is dealt with: it came again, or is the
    /// ACK of a refusal.
    pub(crate) fn absorb(&mut self, request: &Request, now: Instant) -> bool {
        let found = key::server(request, &request.method);
        let Some(id) = found.and_then(|key| self.their_keys.get(&key)).copied() else {
            return false;
        };
        let is_ack = request.method == Method::Ack;
        let wishes = match self.theirs.get_mut(&id).map(|entry| &mut entry.machine) {
            Some(Theirs::Invite(invite)) if is_ack => {
                return invite.acknowledge(now);
            }
            Some(Theirs::Invite(invite)) => invite.again(),
            Some(Theirs::Other(server)) => server.again(),
            None => return false,
        };
        self.grant_theirs(id, wishes);
        true
    }

    /// Whether there is the INVITE that a CANCEL means.
    pub(crate) fn knows_invite(&self, cancel: &Request) -> bool {
        key::server(cancel, &Method::Invite).is_some_and(|key| self.their_keys.contains_key(&key))
    }

    /// Remembers a request that is new; nothing when there are too many or it has no Via.
    pub(crate) fn open(&mut self, request: &Request, flow: Flow, now: Instant) -> Option<ServerId> {
        let key = key::server(request, &request.method)?;
        if self.theirs.len() >= MAX_SERVERS {
            return None;
        }
        self.next += 1;
        let id = ServerId(self.next);
        let reliable = flow.is_reliable();
        let machine = if request.method == Method::Invite {
            Theirs::Invite(Box::new(InviteServer::new(self.timing, reliable)))
        } else {
            Theirs::Other(Box::new(Server::new(now, self.timing, reliable)))
        };
        let via = request.headers.top_via()?;
        self.their_keys.insert(key.clone(), id);
        self.theirs.insert(id, Entry { key, flow: flow.answer(&via), machine });
        Some(id)
    }

    /// Answers a request.
    pub(crate) fn respond(&mut self, id: ServerId, response: Response, now: Instant) {
        let wishes = match self.theirs.get_mut(&id).map(|entry| &mut entry.machine) {
            Some(Theirs::Invite(invite)) => invite.respond(response, now),
            Some(Theirs::Other(server)) => server.respond(response, now),
            None => return,
        };
        self.grant_theirs(id, wishes);
    }

    /// The ACK of a 2xx came.
    pub(crate) fn acknowledged(&mut self, id: ServerId, now: Instant) {
        if let Some(Entry { machine: Theirs::Invite(invite), .. }) = self.theirs.get_mut(&id) {
            invite.acknowledge(now);
        }
    }

    fn grant_theirs(&mut self, id: ServerId, wishes: Vec<Wish>) {
        let Some(flow) = self.theirs.get(&id).map(|entry| entry.flow) else { return };
        for wish in wishes {
            match wish {
                Wish::Answer(response) => {
                    self.events.push_back(Event::Send(flow, Message::Response(response)));
                }
                Wish::Fail(_) => self.events.push_back(Event::Unacknowledged(id)),
                Wish::Send(_) | Wish::Begin(_) | Wish::Pass => {}
            }
        }
        let over = self.theirs.get(&id).is_some_and(|entry| match &entry.machine {
            Theirs::Invite(invite) => invite.is_over(),
            Theirs::Other(server) => server.is_over(),
        });
        if over && let Some(entry) = self.theirs.remove(&id) {
            self.their_keys.remove(&entry.key);
        }
    }

    /// A way is gone: what was sent by it gets no answer. With UDP that means their address.
    pub(crate) fn lost(&mut self, flow: &Flow, why: &str) {
        let ours = self.ours.iter().filter(|(_, entry)| entry.flow.is_like(flow));
        for id in ours.map(|(id, _)| *id).collect::<Vec<_>>() {
            if let Some(entry) = self.ours.remove(&id) {
                self.our_keys.remove(&entry.key);
                self.events.push_back(Event::Failed(id, Failure::Transport(why.to_owned())));
                self.events.push_back(Event::Over(id));
            }
        }
    }

    /// When [`Self::wake`] wants to be called.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let ours = self.ours.values().filter_map(|entry| match &entry.machine {
            Ours::Invite(invite) => invite.deadline(),
            Ours::Other(client) => client.deadline(),
        });
        let theirs = self.theirs.values().filter_map(|entry| match &entry.machine {
            Theirs::Invite(invite) => invite.deadline(),
            Theirs::Other(server) => Some(server.deadline()),
        });
        sooner(ours.min(), theirs.min())
    }

    /// What is due.
    pub(crate) fn wake(&mut self, now: Instant) {
        for id in self.ours.keys().copied().collect::<Vec<_>>() {
            let wishes = match self.ours.get_mut(&id).map(|entry| &mut entry.machine) {
                Some(Ours::Invite(invite)) => invite.wake(now),
                Some(Ours::Other(client)) => client.wake(now),
                None => continue,
            };
            self.grant_ours(id, wishes, None, now);
        }
        for id in self.theirs.keys().copied().collect::<Vec<_>>() {
            let wishes = match self.theirs.get_mut(&id).map(|entry| &mut entry.machine) {
                Some(Theirs::Invite(invite)) => invite.wake(now),
                Some(Theirs::Other(server)) => {
                    server.wake(now);
                    Vec::new()
                }
                None => continue,
            };
            self.grant_theirs(id, wishes);
        }
    }
}
