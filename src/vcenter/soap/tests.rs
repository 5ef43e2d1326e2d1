use proptest::prelude::*;

use super::{Element, envelope, parse_response, text};

#[test]
fn text_survives_escaping_both_ways() {
    let nasty = "a<b>&\"'\u{1F600} tab\tend";
    let parsed = Element::parse(text("name", nasty).as_bytes()).unwrap();
    assert_eq!(parsed.text, nasty);
}

#[test]
fn a_fault_is_named_by_its_type() {
    let body = "<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>no</faultstring><detail>\
                <NoPermissionFault xmlns=\"urn:vim25\" xsi:type=\"vim25:NoPermission\">\
                <object type=\"VirtualMachine\">vm-1</object><privilegeId>VirtualMachine.Config.Rename</privilegeId>\
                </NoPermissionFault></detail></soapenv:Fault>";
    let fault = parse_response(envelope(body).as_bytes()).unwrap().unwrap_err();
    assert_eq!((fault.kind.as_str(), fault.message.as_str()), ("NoPermission", "no"));
    assert_eq!(fault.detail.at(&["privilegeId"]), "VirtualMachine.Config.Rename");
    assert_eq!(fault.detail.child("object").unwrap().kind, "VirtualMachine");
}

#[test]
fn half_an_answer_is_an_error() {
    let whole = envelope("<XResponse><returnval>1</returnval></XResponse>");
    assert!(parse_response(whole.as_bytes()).unwrap().is_ok());
    for end in 1..whole.len() {
        assert!(parse_response(&whole.as_bytes()[..end]).is_err(), "{}", &whole[..end]);
    }
    assert!(parse_response(b"").is_err());
    assert!(parse_response(b"<html><body>502 Bad Gateway</body></html>").is_err());
    assert!(parse_response("<a>".repeat(10_000).as_bytes()).is_err());
}

proptest! {
    #[test]
    fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse_response(&bytes);
    }
}
