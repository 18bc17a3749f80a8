//! What the scenarios of `tests/system/sipp` have in common.

/// What the words in the scenarios stand for. One may have others in it that stand further down.
pub(super) const WORDS: &[(&str, &str)] = &[
    // Steps.
    (
        "[@invite]",
        r#"<recv request="INVITE" rrs="true"><action>[@keep]</action></recv>
  <Reference variables="from,to,via,cseq"/>"#,
    ),
    (
        "[@invite_known]",
        r#"<recv request="INVITE" rrs="true"><action>[@keep][@verify]</action></recv>[@proved]"#,
    ),
    ("[@register]", r#"<recv request="REGISTER"><action>[@contact_of]</action></recv>"#),
    (
        "[@register_known]",
        r#"<recv request="REGISTER"><action>[@contact_of][@verify]</action></recv>[@proved]"#,
    ),
    (
        "[@unregister]",
        r#"<recv request="REGISTER"><action>
    <ereg regexp="(expires=0|Expires: ?0)" search_in="msg" check_it="true" assign_to="off"/>
  </action></recv>
  <send><![CDATA[
    SIP/2.0 200 OK
    [@to_last]
    [@empty]
  ]]></send>
  <Reference variables="off,contact"/>"#,
    ),
    (
        "[@proved]",
        r#"
  <nop condexec="proved" condexec_inverse="true"><action>
    <error message="a wrong answer to the challenge"/>
  </action></nop>
  <Reference variables="whole,nonce"/>"#,
    ),
    (
        "[@ring]",
        "<send><![CDATA[
    SIP/2.0 180 Ringing
    [@to_invite]
    [@contact]
    [@empty]
  ]]></send>",
    ),
    (
        "[@answer]",
        r#"<send retrans="500"><![CDATA[
    SIP/2.0 200 OK
    [@to_invite]
    [@contact]
    [@sound]
  ]]></send>
  <recv request="ACK"/>"#,
    ),
    (
        "[@bye]",
        r#"<send retrans="500"><![CDATA[
    BYE [next_url] SIP/2.0
    [@request]
    CSeq: 99 BYE
    [@empty]
  ]]></send>
  <recv response="200"/>"#,
    ),
    (
        "[@hears_bye]",
        r#"<recv request="BYE"/>
  <send><![CDATA[
    SIP/2.0 200 OK
    [@to_last]
    [@empty]
  ]]></send>"#,
    ),
    // What is kept of a request.
    (
        "[@keep]",
        r#"
    <ereg regexp=".*" search_in="hdr" header="From:" assign_to="from"/>
    <ereg regexp=".*" search_in="hdr" header="To:" assign_to="to"/>
    <ereg regexp=".*" search_in="hdr" header="Via:" assign_to="via"/>
    <ereg regexp=".*" search_in="hdr" header="CSeq:" assign_to="cseq"/>
  "#,
    ),
    (
        "[@verify]",
        r#"
    <verifyauth assign_to="proved" username="200" password="far-secret"/>
    <ereg regexp="[^o]nonce=&quot;([^&quot;]*)&quot;" search_in="msg" check_it="true"
      assign_to="whole,nonce"/>
  "#,
    ),
    (
        "[@contact_of]",
        r#"<ereg regexp="&lt;[^&gt;]*&gt;" search_in="hdr" header="Contact:" check_it="true"
      assign_to="contact"/>"#,
    ),
    // Lines of messages.
    (
        "[@to_invite]",
        "Via:[$via]
    From:[$from]
    To:[$to];tag=far[call_number]
    Call-ID: [call_id]
    CSeq:[$cseq]",
    ),
    (
        "[@to_last]",
        "[last_Via:]
    [last_From:]
    [last_To:]
    [last_Call-ID:]
    [last_CSeq:]",
    ),
    (
        "[@request]",
        "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
    From:[$to];tag=far[call_number]
    To:[$from]
    Call-ID: [call_id]
    Max-Forwards: 70",
    ),
    ("[@contact]", "Contact: <sip:far@[local_ip]:[local_port];transport=[transport]>"),
    ("[@empty]", "Content-Length: 0\n"),
    (
        "[@sound]",
        "Content-Type: application/sdp
    Content-Length: [len]

    v=0
    o=far 1 1 IN IP4 [local_ip]
    s=-
    c=IN IP4 [local_ip]
    t=0 0
    m=audio [media_port] RTP/AVP 0 101
    a=rtpmap:0 PCMU/8000
    a=rtpmap:101 telephone-event/8000
    a=fmtp:101 0-16",
    ),
];
