// Makes elements of a page; text is always text, whoever wrote it.

type Child = Node | string | undefined;
type Attributes = Readonly<Record<string, string | boolean | undefined>>;

export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, '');
    else if (typeof value === 'string') made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** A button that does something; `label` is said by a screen reader where only an icon is shown. */
export function button(text: Child, attributes: Attributes, act: () => void): HTMLButtonElement {
  const made = element('button', { type: 'button', ...attributes }, text);
  made.addEventListener('click', act);
  return made;
}

export function icon(name: string): HTMLElement {
  return element('i', { class: `fa fa-${name}`, 'aria-hidden': 'true' });
}

/** A button in the style of the editor that shows an icon and says what it is for. */
export function iconButton(name: string, label: string, act: string, press: () => void): HTMLButtonElement {
  const look = 'red-ui-button red-ui-button-small';
  return button(icon(name), { class: look, title: label, 'aria-label': label, 'data-act': act }, press);
}

export function textButton(text: string, act: string, press: () => void): HTMLButtonElement {
  return button(text, { class: 'red-ui-button red-ui-button-small', 'data-act': act }, press);
}
